package flow

import (
	"fmt"
	"strings"
)

// Flag is what an event is about: the value of the column Flag.
type Flag uint8

const (
	// FlagNone is that of the first packet of a connection that is not TCP.
	FlagNone Flag = iota
	// SYN opens a connection; a retransmitted one is another event.
	SYN
	// SYNACK answers a SYN.
	SYNACK
	// ACK is the client's acknowledgement that completes the handshake: one
	// for each SYN-ACK that was seen.
	ACK
	// FIN is of the side that closes first.
	FIN
	// FINACK is the FIN of the other side.
	FINACK
	RST
	// INVALID is a packet that conntrack cannot give to any connection.
	INVALID
	// DENIED is a packet that the policy denies in mid-connection, after a
	// change. A denied first packet has the flag SYN and the action Deny.
	DENIED
	// ICMPERROR is an ICMP error about a connection: who sent it is the source,
	// the connection is the one that it is about.
	ICMPERROR
	// RETRANS is a segment with data that was sent again, with no other segment
	// of either side in between but SYN, FIN and RST: nobody acknowledged it.
	// Of its repeats the first, the second, the fourth and so on are events.
	RETRANS
	// IGNORED is a packet that conntrack ignored and let pass, as one below the
	// window. It comes with the kernel's text alone: no program counts it, and
	// it has no number.
	IGNORED
)

var flagNames = [...]string{"", "SYN", "SYN-ACK", "ACK", "FIN", "FIN-ACK", "RST", "INVALID", "DENIED", "ICMP-ERROR", "RETRANS", "IGNORED"}

// String is the value as Azure's logs write it.
func (f Flag) String() string {
	if int(f) < len(flagNames) {
		return flagNames[f]
	}
	return ""
}

// Flags lists all flags that have a name, in the order in which a connection
// shows them.
func Flags() []Flag {
	return []Flag{SYN, SYNACK, ACK, RETRANS, FIN, FINACK, RST, INVALID, IGNORED, DENIED, ICMPERROR}
}

// ParseFlag reads a flag in any case, with or without the dash.
func ParseFlag(s string) (Flag, bool) {
	if s == "" {
		return FlagNone, false
	}
	want := strings.ReplaceAll(strings.ToUpper(s), "-", "")
	for _, f := range Flags() {
		if strings.ReplaceAll(f.String(), "-", "") == want {
			return f, true
		}
	}
	return FlagNone, false
}

// TCPFlags are the control bits of a TCP header (RFC 9293, section 3.1).
type TCPFlags uint8

const (
	BitFIN TCPFlags = 1 << iota
	BitSYN
	BitRST
	BitPSH
	BitACK
	BitURG
	BitECE
	BitCWR
)

// String lists the set bits as in "SYN|ACK".
func (f TCPFlags) String() string {
	names := [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"}
	var set []string
	for i, n := range names {
		if f&(1<<i) != 0 {
			set = append(set, n)
		}
	}
	return strings.Join(set, "|")
}

// TCPState is conntrack's state of a TCP connection after the packet (enum
// tcp_conntrack, include/uapi/linux/netfilter/nf_conntrack_tcp.h).
type TCPState uint8

const (
	StateSynSent TCPState = iota + 1
	StateSynRecv
	StateEstablished
	StateFinWait
	StateCloseWait
	StateLastAck
	StateTimeWait
	StateClose // after an RST
	StateSynSent2
)

var tcpStates = [...]string{"NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2"}

// String is the kernel's name without its prefix; empty for a packet without
// connection.
func (s TCPState) String() string {
	if s == 0 || int(s) >= len(tcpStates) {
		return ""
	}
	return tcpStates[s]
}

// firstText is how FlagNone is written where a name is needed.
const firstText = "first"

// MarshalText writes the flag's name, so that maps by flag read well in JSON;
// "first" for FlagNone.
func (f Flag) MarshalText() ([]byte, error) {
	if f == FlagNone {
		return []byte(firstText), nil
	}
	return []byte(f.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (f *Flag) UnmarshalText(text []byte) error {
	if string(text) == firstText {
		*f = FlagNone
		return nil
	}
	flag, ok := ParseFlag(string(text))
	if !ok {
		return fmt.Errorf("unknown flag %q", text)
	}
	*f = flag
	return nil
}
