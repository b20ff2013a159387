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
	case synRecv:
		return t.SynReceived
	case established:
		return t.Established
	case finWait:
		return t.FinWait
	case closeWait:
		return t.CloseWait
	case lastAck:
		return t.LastAck
	case timeWait:
		return t.TimeWait
	case closeState:
		return t.Close
	}
	return t.SynSent
}

// conntrack's states of a TCP connection: the numbers of flow.TCPState.
const (
	synSent flow.TCPState = iota + 1
	synRecv
	established
	finWait
	closeWait
	lastAck
	timeWait
	closeState
	synSent2
)

// alive reports whether a SYN that leaves this state behind is about a
// connection that conntrack still follows: it lets the SYN pass and waits for
// the answer. After a SYN that opens an entry of its own it is SYN_SENT.
func alive(s flow.TCPState) bool { return s >= synRecv && s <= lastAck }

// shaken reports whether the handshake is done in this state.
func shaken(s flow.TCPState) bool { return s >= established && s <= timeWait }
