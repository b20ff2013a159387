package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Timeouts are how long conntrack remembers a silent TCP connection, by its
// state: net.netfilter.nf_conntrack_tcp_timeout_*.
type Timeouts struct {
	SynSent, SynReceived, Established time.Duration
	FinWait, CloseWait, LastAck       time.Duration
	TimeWait, Close                   time.Duration
	// Retransmitted and Unacknowledged hold instead, where they are shorter:
	// after three repeats of a segment, and while data is not acknowledged.
	Retransmitted, Unacknowledged time.Duration
}

// DefaultTimeouts are Linux's (tcp_timeouts in
// net/netfilter/nf_conntrack_proto_tcp.c).
func DefaultTimeouts() Timeouts {
	return Timeouts{
		SynSent: 2 * time.Minute, SynReceived: time.Minute, Established: 5 * 24 * time.Hour,
		FinWait: 2 * time.Minute, CloseWait: time.Minute, LastAck: 30 * time.Second,
		TimeWait: 2 * time.Minute, Close: 10 * time.Second,
		Retransmitted: 5 * time.Minute, Unacknowledged: 5 * time.Minute,
	}
}

// of is the timeout of a state; of one that has none, that of a SYN.
func (t *Timeouts) of(state flow.TCPState) time.Duration {
	switch state {
	case flow.StateSynRecv:
		return t.SynReceived
	case flow.StateEstablished:
		return t.Established
	case flow.StateFinWait:
		return t.FinWait
	case flow.StateCloseWait:
		return t.CloseWait
	case flow.StateLastAck:
		return t.LastAck
	case flow.StateTimeWait:
		return t.TimeWait
	case flow.StateClose:
		return t.Close
	}
	return t.SynSent
}

// alive reports whether a SYN that leaves this state behind is about a
// connection that conntrack still follows: it lets the SYN pass and waits for
// the answer. After a SYN that opens an entry of its own it is SYN_SENT.
func alive(s flow.TCPState) bool { return s >= flow.StateSynRecv && s <= flow.StateLastAck }

// shaken reports whether the handshake is done in this state.
func shaken(s flow.TCPState) bool { return s >= flow.StateEstablished && s <= flow.StateTimeWait }
