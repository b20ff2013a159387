package tracker

import (
	"github.com/sekisho/sekisho/internal/flow"
)

// entry is one connection. It is made to be small and to be used again: what
// only connections in trouble have is in trouble.
//
// What is looked at with each event, and when conntrack forgets it, comes first
// and lies together: the rest costs a way to memory more.
type entry struct {
	story
	class         class
	slot          int16  // of the timer, from 1
	place         place  // where it is
	before, after *entry // other incarnations of the tuple
	trouble       *trouble
	due           int64 // when its timer fires
	links         [2]links
	told          told
	end           flow.EndReason

	decision *flow.Decision
	id       string
	in, out  string
	judge    int64         // when to look at its verdict again; 0 is not asked for
	counters flow.Counters // of conntrack, if it is counted
	repeat   repeat
	answer   uint32 // what the ACK of the handshake acknowledges; 0 where not known
	reacked  uint32 // ACKs after the first that answer a SYN-ACK which came again
	stray    uint32 // those that answer none
	alias    pair
}

// story is what the packets of a connection told, without pointers: what has to be
// kept of one that is over.
type story struct {
	key                 key
	client, aliasClient endpoint
	step                step
	state               flow.TCPState
	rstBy, closer       flow.Way // who sent the first RST, the first FIN
	facts               facts
	events              uint32
	last                int64 // ns since 1970, as all times here; 0 is none
	forgotten           int64 // when conntrack forgot it
	history             history
	isn                 uint32

	first                              int64
	since                              int64 // when it came to its step
	entered                            int64 // when conntrack made an entry of its own for it; 0 where it used one again
	syn, synack, ack, fin, finack, rst int64
	syns, synacks, acks, reacks        uint32
	invalids, denials, errors          uint32
	fins, rsts, retransmits            [2]uint32
	next                               [2]uint32 // the sequence numbers after the last ones seen
	unacked                            [2]uint32
	mss                                [2]uint16
	size                               uint16 // of the last repeated segment
	synData                            uint16 // bytes in its SYN: TCP Fast Open (RFC 7413)
	ttl, synTTL                        [2]uint8
	rstTTL                             uint8
	over                               [2]over
}

// told is what was last told of a connection.
type told struct {
	updates   uint32
	outcome   flow.Outcome
	certainty flow.Certainty
	end       flow.EndReason
	events    uint32
	counters  bool
}

// step is how far a connection has come.
type step uint8

const (
	nothing   step = iota // nothing of a handshake, as of INVALID packets only
	requested             // a SYN
	answered              // a SYN-ACK
	connected             // the ACK, or whatever can only come after it
)

// over counts packets above the window, from one side.
type over struct{ seq, ack uint8 }

// repeat is a segment that is sent again and again.
type repeat struct {
	first, last int64
	seq         uint32
	times       uint16 // how often it was seen
	way         flow.Way
}

// trouble is what few connections have.
type trouble struct {
	invalid *flow.InvalidPacket
	icmp    *flow.ICMPNote
	drop    *flow.Drop
	window  string // the kernel's sentence about a packet above the window
	broken  string // and about a malformed one
	// idle is the silence before the packet that found the state gone, timeout
	// what was in force then.
	idle, timeout int64
	translated    flow.Tuple // as conntrack tells it at the end
	revision      string     // of the policy that cut it
}

// more is a connection's trouble, made when it is first needed.
func (c *entry) more() *trouble {
	if c.trouble == nil {
		c.trouble = &trouble{}
	}
	return c.trouble
}

func (c *entry) tuple() flow.Tuple { return c.key.tuple(c.client) }

// translated is the tuple that the server sees; invalid where it is the same
// or unknown.
func (c *entry) translated() flow.Tuple {
	switch {
	case c.trouble != nil && c.trouble.translated.IsValid():
		return c.trouble.translated
	case c.alias != pair{}:
		return c.alias.tuple(c.aliasClient)
	}
	return flow.Tuple{}
}

// way is which side an event's packet comes from.
func (c *entry) way(e *flow.Event) flow.Way {
	switch e.Direction {
	case flow.Original:
		return flow.FromClient
	case flow.Reply:
		return flow.FromServer
	}
	return c.wayOf(e.Packet)
}

// wayOf tells it by addresses.
func (c *entry) wayOf(packet flow.Tuple) flow.Way {
	p, source := pairOf(packet)
	client := c.client
	if p == c.alias && p != c.key.pair {
		client = c.aliasClient
	}
	if source == client {
		return flow.FromClient
	}
	return flow.FromServer
}

func other(w flow.Way) flow.Way { return 1 - w }

func side(w flow.Way) flow.Side {
	if w == flow.FromClient {
		return flow.Client
	}
	return flow.Server
}
