package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// miss notes that conntrack did not know a connection that we know.
func (t *Tracker) miss(c *entry, e *flow.Event, way flow.Way, at int64) {
	if c.is(gone) {
		return
	}
	c.set(gone)
	if c.class == strangers {
		return
	}
	if t.config.Sees.has(Numbers) && e.Seq == c.next[way] && e.Ack == c.next[other(way)] {
		c.set(silent)
	}
	more := c.more()
	more.idle = max(0, at-c.last)
	more.timeout = int64(t.inForce(c))
}

// inForce is conntrack's timeout for a connection as it was at its last event.
func (t *Tracker) inForce(c *entry) time.Duration {
	timeouts := &t.timeouts
	state := c.state
	switch {
	case state == 0 && c.step == connected:
		state = flow.StateEstablished
	case state == flow.StateFinWait && c.step == connected:
		state = flow.StateCloseWait // the FIN's ACK is no event
	}
	timeout := timeouts.of(state)
	switch {
	case c.repeat.times >= stuckRepeats:
		timeout = min(timeout, timeouts.Retransmitted)
	case c.is(unackedKnown) && c.unacked != [2]uint32{}:
		timeout = min(timeout, timeouts.Unacknowledged)
	}
	return timeout
}

// judgeGone judges a connection that conntrack did not know any more when its
// next packet came.
func (t *Tracker) judgeGone(c *entry) finding {
	next := c.nextStep()
	more := c.more()
	if c.is(goneAnswer) && t.pressure.early.touch(c.first, c.last+beat, allKinds) {
		return finding{flow.TableFull, next, flow.NoSide, earlyDrop}
	}
	if c.is(expiredByTimeout) || !c.is(deletedBefore) && more.timeout > 0 && more.idle >= more.timeout {
		return finding{flow.Expired, next, flow.NoSide, ""}
	}
	detail := c.invalidText()
	if c.is(deletedBefore) {
		detail = "deleted from conntrack's table"
	}
	return finding{flow.StateLost, next, flow.NoSide, detail}
}
