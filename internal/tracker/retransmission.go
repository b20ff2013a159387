package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

const (
	// stuckRepeats is how many events of one repeated segment show that it does
	// not get through: the recorder shows the 1st, 2nd and 4th repeat, which
	// come within 3 seconds where the round trip is short (RFC 6298, section 5).
	stuckRepeats = 3
	// stuckFor is how long the repeats must last at least: several within a
	// moment are a lossy path's.
	stuckFor = int64(time.Second)
	// stuckReacks is how many SYN-ACKs after the handshake's ACK show that the
	// server has no room for the connection: one alone, that its ACK was lost.
	stuckReacks = 2
)

// takeRepeat takes a segment of data that was sent again.
func (t *Tracker) takeRepeat(c *entry, e *flow.Event, way flow.Way, at int64) {
	c.retransmits[way]++
	c.size = e.Payload
	t.connect(c)
	c.progress(e, way)
	if r := &c.repeat; r.times == 0 || r.seq != e.Seq || r.way != way {
		*r = repeat{first: at, seq: e.Seq, way: way}
	}
	c.repeat.last = at
	c.repeat.times++
}

// progress forgets a repeated segment that the other side acknowledges, and
// whatever was wrong with the handshake once the server goes on.
func (c *entry) progress(e *flow.Event, way flow.Way) {
	if e.TCPFlags&flow.BitACK == 0 {
		return
	}
	if r := &c.repeat; r.times > 0 && r.way != way && int32(e.Ack-r.seq) > 0 {
		*r = repeat{}
	}
	if way == flow.FromServer && (e.Flag == flow.RETRANS || e.Flag == flow.FIN || e.Flag == flow.FINACK) {
		c.set(goesOn)
	}
}

// stuck reports whether data, or the server's SYN-ACK, was repeated too often.
func (c *entry) stuck() bool {
	return c.repeat.times >= stuckRepeats && c.repeat.last-c.repeat.first >= stuckFor || c.reanswered() >= stuckReacks
}

// reanswered is how often the SYN-ACK came again after the ACK, also where it was
// not seen: an ACK that is an event answers one, if it acknowledges what the first
// one did.
func (c *entry) reanswered() uint32 {
	if c.is(goesOn) {
		return 0
	}
	return max(c.reacks, c.reacked)
}
