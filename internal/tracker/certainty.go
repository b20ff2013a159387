package tracker

import (
	"slices"

	"github.com/sekisho/sekisho/internal/flow"
)

// verdict is the finding with how sure it is. What rests on packets that were
// seen is certain. What rests on an absence is not while events of that time
// were lost, not recorded, or could not be seen.
func (t *Tracker) verdict(c *entry) flow.Verdict {
	f := t.judgement(c)
	v := flow.Verdict{Outcome: f.outcome, StuckAt: f.stuck, By: f.by, Certainty: flow.Certain, Detail: f.detail}
	doubt := func(d flow.Doubt, level flow.Certainty) {
		if !slices.Contains(v.Doubts, d) {
			v.Doubts = append(v.Doubts, d)
		}
		if v.Certainty != flow.Unknown {
			v.Certainty = level
		}
	}
	absent := t.restsOn(c, f)
	from, to := c.first, max(t.now, c.last)
	if f.outcome == flow.ActiveNow {
		from = c.openSince()
	}
	if c.is(closed) {
		to = c.last + patience
	}
	if t.losses.touch(from, to, absent) {
		doubt(flow.EventsLost, flow.Unknown)
	}
	if t.gaps.touch(from, to, absent) {
		doubt(flow.NotRecorded, flow.Unknown)
	}
	if absent&^kinds(t.config.Sees) != 0 {
		doubt(flow.CannotSee, flow.Likely)
	}
	if f.outcome == flow.ResetMidway && t.blindReset(c) {
		doubt(flow.CannotSee, flow.Unknown)
	}
	t.otherDoubts(c, f, doubt)
	return v
}

// openSince is from when on nothing may be missing for a connection to be well:
// what passed before the last event does not matter, but for earlier repeats of
// a segment that is repeated.
func (c *entry) openSince() int64 {
	switch {
	case c.repeat.times == 0:
		return c.last
	case c.unbegun():
		return c.first - strangerTime
	}
	return c.first
}

// blindReset: whether data was unacknowledged is not known.
func (t *Tracker) blindReset(c *entry) bool {
	return c.step == connected && !c.is(unackedKnown) && c.end != flow.EndReplaced
}

func (t *Tracker) otherDoubts(c *entry, f finding, doubt func(flow.Doubt, flow.Certainty)) {
	hangs := f.outcome == flow.NoReply || f.outcome == flow.NoFinalACK || f.outcome == flow.Stalled
	switch {
	case hangs && (c.end == flow.EndNone || c.end == flow.EndStopped):
		doubt(flow.StillOpen, flow.Likely)
	case c.end == flow.EndEvicted && !c.is(closed) && !proof(f.outcome):
		doubt(flow.Forgotten, flow.Likely)
	}
	if c.is(unlooked) && !proof(f.outcome) {
		doubt(flow.NotRecorded, flow.Unknown)
	}
	if t.guesses(c, f) {
		doubt(flow.CannotSee, flow.Likely)
	}
	lost := f.outcome == flow.StateLost || f.outcome == flow.Expired
	if c.unbegun() && (lost || hangs || f.outcome == flow.ResetMidway || f.outcome == flow.HalfClosed) {
		doubt(flow.MidStream, flow.Likely)
	}
	if !lost {
		return
	}
	if c.trouble != nil && c.trouble.invalid != nil && c.trouble.invalid.Reason == flow.UnknownReason {
		doubt(flow.NotRecorded, flow.Likely) // the kernel's reason
	}
	if !c.unbegun() && !t.provenGone(c, f) {
		doubt(flow.CannotSee, flow.Likely)
	}
}

// guesses reports whether a finding takes a packet for what it most likely is:
// where the source has no numbers; where a side goes on although nobody has
// widened its window; where it is silent, but data shows no events.
func (t *Tracker) guesses(c *entry, f finding) bool {
	switch f.outcome {
	case flow.ReplyBypasses, flow.RequestBypasses:
		_, sure, around := c.around()
		return c.step == connected && around && !sure || !t.config.Sees.has(Numbers)
	case flow.HalfClosed:
		return !c.is(expiredByTimeout)
	case flow.DroppedByHost:
		return c.is(portless)
	}
	return false
}

// proof reports whether an outcome rests on packets that were seen alone.
func proof(o flow.Outcome) bool {
	switch o {
	case flow.Denied, flow.Cut, flow.Completed, flow.ReplyBypasses, flow.OutOfWindow, flow.Malformed,
		flow.DroppedByHost, flow.TableFull:
		return true
	}
	return false
}

// unbegun reports whether nothing was seen of the connection's beginning.
func (c *entry) unbegun() bool { return c.syn == 0 && c.synack == 0 && !c.is(unlooked) }

// provenGone reports whether it is known how conntrack came to forget the
// connection: its own word; a silence that was shorter than every timeout; or
// no byte since an event that was long enough ago. Data shows no events, and
// timeouts that are only guessed prove nothing.
func (t *Tracker) provenGone(c *entry, f finding) bool {
	if c.facts&(expiredByTimeout|deletedBefore) != 0 {
		return true
	}
	return t.config.Sees.has(InForce) && (f.outcome == flow.StateLost || c.is(silent))
}
