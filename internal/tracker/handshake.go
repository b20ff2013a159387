package tracker

import "github.com/sekisho/sekisho/internal/flow"

// straysShow is how many ACKs of one connection that answer no SYN-ACK show that
// its mark does not keep our bit: one comes where rules were gone for a moment, or
// where two processors were at work.
const straysShow = 3

// takeACK takes an ACK that the recorder takes for the handshake's: the first of the
// client's after each SYN-ACK, as long as the bit that says so stays in the
// connection's mark. Where somebody's rule sets whole marks, each packet of the
// client's comes as one.
func (t *Tracker) takeACK(c *entry, e *flow.Event, at int64) {
	switch {
	case c.acks == 0:
		if c.answer == 0 && c.is(hasISN) && e.Seq == c.isn+1 {
			c.answer = e.Ack // the SYN-ACK was not seen
		}
	case t.answersAgain(c, e):
		c.reacked++
	case c.acks >= c.synacks && !t.gaps.touch(c.ack, at, kindsOf(flow.ACK)):
		if c.stray++; c.stray == straysShow {
			t.stats.Unmarked++
		}
	}
	c.acks++
	once(&c.ack, at)
	t.connect(c)
}

// answersAgain reports whether an ACK after the first one answers a SYN-ACK. A
// client that has got more than that, or says more, answers something else.
func (t *Tracker) answersAgain(c *entry, e *flow.Event) bool {
	if !t.config.Sees.has(Numbers) {
		return true
	}
	return c.answer != 0 && e.Ack == c.answer && e.Payload == 0
}
