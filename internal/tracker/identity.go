package tracker

import "github.com/sekisho/sekisho/internal/flow"

const handshakeBits = flow.BitSYN | flow.BitACK | flow.BitRST | flow.BitFIN

// clientISN is the client's initial sequence number, where a packet tells it:
// on it rests the connection's id. A SYN carries it, a SYN-ACK acknowledges the
// number after it. An INVALID packet with these flags tells as much: a SYN-ACK
// whose SYN took another way has the id that the SYN has where it was seen.
func (t *Tracker) clientISN(e *flow.Event) (uint32, bool) {
	if !t.config.Sees.has(Numbers) || e.Flag == flow.ICMPERROR {
		return 0, false
	}
	switch e.TCPFlags & handshakeBits {
	case flow.BitSYN:
		// In a simultaneous open the server's SYN has a number of its own.
		return e.Seq, e.Direction != flow.Reply
	case flow.BitSYN | flow.BitACK:
		if e.Direction == flow.Original {
			return e.Seq, true // the client's part of a simultaneous open
		}
		return e.Ack - 1, true
	}
	return 0, false
}

// learnISN gives a connection its id.
func (c *entry) learnISN(isn uint32) {
	c.set(hasISN)
	c.isn = isn
	c.id = flow.ConnectionID(c.tuple(), isn)
}

// clientOf says which endpoint of an event the client is, and whether that is
// only a guess: the lower port is a server's more often than not.
func clientOf(e *flow.Event, tuple flow.Tuple, source endpoint) (client endpoint, guess bool) {
	synFlags := e.TCPFlags & (flow.BitSYN | flow.BitACK)
	switch {
	case e.Connection.IsValid():
		return source, false
	case synFlags == flow.BitSYN || e.Flag == flow.SYN:
		return source, false
	case synFlags == flow.BitSYN|flow.BitACK || e.Flag == flow.SYNACK:
		return source.other(), false
	case tuple.Source.Port() < tuple.Dest.Port():
		return source.other(), true
	}
	return source, true
}
