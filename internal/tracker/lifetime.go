package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// How long a connection that ended is remembered for what comes late.
const (
	// strayTime is for strays, which would look like packets of nobody's.
	strayTime = int64(time.Minute)
	// endTime is how long conntrack's end is waited for that tells packets and
	// bytes: TIME_WAIT, and a walk of its garbage collector (60 s at most).
	endTime = int64(4 * time.Minute)
	// deniedTime is between the last repeats of a SYN (RFC 6298, section 5.5).
	deniedTime = int64(70 * time.Second)
	// forgottenTime is how long a connection that conntrack forgot while it was
	// open is remembered: who speaks on it next finds its state gone.
	forgottenTime = int64(time.Hour)
	// strangerTime is between repeats of data: 120 s at most (RFC 6298, 2.5).
	strangerTime = int64(150 * time.Second)
	// layDownTime is how long a connection that was closed stays as it is: a FIN
	// that is repeated comes within that, where the round trip is short.
	layDownTime = int64(250 * time.Millisecond)
	// collection is how much later than its timeout conntrack may tell an end.
	collection = int64(90 * time.Second)
)

// plan sets the timer, if it is not set for sooner: one that fires too early
// sets itself again.
func (t *Tracker) plan(c *entry) {
	if due := t.nextLook(c); due != 0 && (c.slot == 0 || due < c.due) {
		t.timers.set(c, due)
	}
}

// nextLook is when a connection is to be looked at; 0 for never.
func (t *Tracker) nextLook(c *entry) int64 {
	due := int64(0)
	switch c.class {
	case strangers:
		due = c.quietSince() + t.linger(c)
	case ended:
		due = c.quietSince() + t.linger(c)
		if at := c.last + layDownTime; t.now < at && t.endingOf(c) != 0 {
			due = min(due, at)
		}
	case opening:
		due = c.since + int64(t.config.Stall)
		if t.now >= due {
			due = c.last + t.forgetting(c)
		}
	case opened:
		if c.facts&(finClient|finServer) != 0 && !t.config.Sees.has(Ends) {
			due = c.last + t.forgetting(c)
		}
	}
	if c.judge != 0 && (due == 0 || c.judge < due) {
		due = c.judge
	}
	return due
}

// linger is how long a connection is remembered after its last event.
func (t *Tracker) linger(c *entry) int64 {
	forgotten := c.forgotten != 0
	switch {
	case c.class == strangers:
		return strangerTime
	case forgotten && !c.is(closed):
		return forgottenTime
	case c.is(forbidden):
		return deniedTime
	case !forgotten:
		return t.afterClose(c.end)
	}
	return strayTime
}

// afterClose is how long a connection is remembered that was closed, if conntrack
// does not tell when it has forgotten it.
func (t *Tracker) afterClose(how flow.EndReason) int64 {
	timeouts := &t.timeouts
	switch {
	case !t.config.Sees.has(Ends):
		return strayTime
	case t.config.Accounting:
		return endTime
	case how == flow.EndFIN:
		return int64(max(timeouts.TimeWait, timeouts.LastAck)) + strayTime
	case how == flow.EndRST:
		return int64(timeouts.Close) + strayTime
	}
	return endTime
}

// quietSince is when the last of a connection came.
func (c *entry) quietSince() int64 {
	return max(c.last, c.forgotten)
}

// forgetting is after what silence conntrack must have forgotten a connection.
func (t *Tracker) forgetting(c *entry) int64 {
	timeouts := &t.timeouts
	after := int64(timeouts.of(c.state))
	if c.facts&(finClient|finServer) != 0 {
		after = 2 * int64(max(timeouts.FinWait, timeouts.CloseWait))
	}
	if t.config.Sees.has(Ends) {
		after += collection
	}
	return after
}

// expire looks at a connection whose timer fired.
func (t *Tracker) expire(c *entry) {
	if c.judge != 0 && c.judge <= t.now {
		c.judge = 0
		t.tellChanged(c)
	}
	switch c.class {
	case ended, strangers:
		if t.now >= c.quietSince()+t.linger(c) {
			t.release(c)
			return
		}
		if t.now >= c.last+layDownTime && t.layDown(c) {
			return
		}
	case opening:
		if t.now >= c.last+t.forgetting(c) && c.end == flow.EndNone {
			c.end = flow.EndTimeout
			t.move(c, ended)
		}
		if c.is(pending) && c.events == 1 {
			t.release(c) // it came to nothing
			return
		}
		t.tellChanged(c)
	case opened:
		t.tellChanged(c)
	}
	t.plan(c)
}
