package tracker

import "github.com/sekisho/sekisho/internal/flow"

// settle tells what an event changed, and sets the timer.
func (t *Tracker) settle(c *entry) {
	due := c.judge != 0 && c.judge <= t.now
	switch {
	case due:
		c.judge = 0
		t.tellChanged(c)
	case c.is(closed):
		if c.told.end != c.end {
			t.tellChanged(c)
		}
	case c.told.updates > 0 || c.is(hardError) || c.stuck():
		t.tellChanged(c)
	}
	t.classes[c.class].touch(c)
	t.plan(c)
}

// saidAll reports whether a connection is over, and its row says all that there
// is to say. It spares a look at all that is kept of a connection which nobody
// has touched for minutes.
func (t *Tracker) saidAll(c *entry) bool {
	return c.is(closed|counted) && c.trouble == nil && c.told.updates > 0 && c.told.events == c.events &&
		c.told.end == c.end && c.told.counters == t.hasCounters(c)
}

// tellChanged tells a connection if that says something new: a connection in
// trouble, or one that ended.
func (t *Tracker) tellChanged(c *entry) {
	v := t.verdict(c)
	old := &c.told
	untold := old.updates == 0 && !c.is(folded)
	if c.end == flow.EndNone && (v.Outcome == flow.Opening || v.Outcome.Healthy() && untold) {
		return
	}
	if old.outcome == v.Outcome && old.certainty == v.Certainty && old.end == c.end && old.counters == t.hasCounters(c) {
		return
	}
	t.tell(c, v)
}

// tellLast tells a connection before it is forgotten, if there is anything that
// its last row does not have.
func (t *Tracker) tellLast(c *entry) {
	t.stats.Events += uint64(c.events)
	if t.saidAll(c) {
		return
	}
	v := t.verdict(c)
	old := &c.told
	// That it is forgotten now is no news about one that has its row.
	ours := old.updates > 0 && (c.end == flow.EndEvicted || c.end == flow.EndStopped)
	if old.outcome != v.Outcome || old.certainty != v.Certainty || old.end != c.end && !ours ||
		old.counters != t.hasCounters(c) || old.events != c.events && !c.is(folded) {
		t.tell(c, v)
	}
	t.count(c, v.Outcome)
}

// hasCounters reports whether a row has more to say than one without packets
// and bytes.
func (t *Tracker) hasCounters(c *entry) bool {
	return t.config.Accounting && c.is(accounted)
}

// tell tells a connection, alone or with others.
func (t *Tracker) tell(c *entry, v flow.Verdict) {
	if c.end != flow.EndNone {
		t.count(c, v.Outcome)
	}
	together := t.fold.takes(t, c, v)
	c.told.outcome, c.told.certainty, c.told.end = v.Outcome, v.Certainty, c.end
	c.told.events, c.told.counters = c.events, t.hasCounters(c)
	if together {
		return
	}
	c.told.updates++
	if t.quiet {
		return
	}
	t.stats.Told++
	if c.told.updates > 1 {
		t.stats.Corrected++
	}
	t.told = flow.Connection{}
	t.fill(&t.told, c, v)
	t.config.Tell(&t.told)
}

// count counts a connection once, by its outcome.
func (t *Tracker) count(c *entry, o flow.Outcome) {
	if !c.is(counted) {
		c.set(counted)
		t.stats.Outcomes[o]++
	}
}
