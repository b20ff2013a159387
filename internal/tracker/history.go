package tracker

import "github.com/sekisho/sekisho/internal/flow"

// maxHistory is how many letters are kept; a longer history ends in '+'.
const maxHistory = 30

// history is the order of a connection's events, in letters: upper case from
// the client, lower case from the server. A letter that repeats itself is
// written for the 1st, 2nd, 4th, 8th time and so on, so that a thousand SYNs
// are ten letters.
type history struct {
	letters [maxHistory]byte
	n       uint8
	last    byte
	run     uint32 // of the last letter
}

func (h *history) add(letter byte) {
	if letter != h.last {
		h.last, h.run = letter, 0
	}
	h.run++
	if h.run&(h.run-1) != 0 || h.n > maxHistory {
		return
	}
	if h.n == maxHistory {
		h.n++ // too long
		return
	}
	h.letters[h.n] = letter
	h.n++
}

func (h *history) String() string {
	if h.n > maxHistory {
		return string(h.letters[:]) + "+"
	}
	return string(h.letters[:h.n])
}

// Letters of what is no packet of the connection.
const (
	letterGuessed   = '^' // which side is the client is a guess
	letterDrop      = 'K' // the host's kernel dropped a packet
	letterForgotten = '.' // conntrack forgot the connection
)

// letters of events, by flag.
var letters = [...]byte{
	flow.SYN: 'S', flow.SYNACK: 'H', flow.ACK: 'A', flow.FIN: 'F', flow.FINACK: 'F', flow.RST: 'R',
	flow.RETRANS: 'T', flow.INVALID: 'I', flow.DENIED: 'X', flow.ICMPERROR: 'E',
}

// letter is an event's. Of INVALID packets, those have one of their own whose
// flags or whose fault tells more than that they are INVALID.
func letter(e *flow.Event, way flow.Way) byte {
	l := byte('?')
	if int(e.Flag) < len(letters) {
		l = letters[e.Flag]
	}
	switch {
	case e.Flag == flow.INVALID:
		l = invalidLetter(e)
	case e.Flag == flow.SYN && e.Action == flow.Deny:
		l = 'X'
	}
	if way == flow.FromServer {
		l += 'a' - 'A'
	}
	return l
}

func invalidLetter(e *flow.Event) byte {
	switch e.Reason {
	case flow.BadChecksum:
		return 'C'
	case flow.InvalidFlags, flow.Truncated:
		return 'Q'
	case flow.SeqOverWindow, flow.AckOverWindow:
		return 'W'
	}
	return 'I'
}
