package firewall

import (
	"context"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/tracker"
)

const (
	// connectionBeat is how often time passes for connections.
	connectionBeat = 100 * time.Millisecond
	// settleTime is how much younger than the clock an event may be that has
	// not been delivered: its reader looks every 20 ms, and waits at most 50 ms
	// for the kernel's reason.
	settleTime = 100 * time.Millisecond
	// maxLate bounds what waits for a reader that does not come forward.
	maxLate = 100_000
)

// late is something about connections that is no event, and comes another way:
// sooner than the events of its time, which wait for the kernel's reasons. It
// waits for them.
type late struct {
	at   time.Time
	end  *flow.ConntrackEnd
	drop *flow.Drop
	loss *logs.Loss
	gap  *logs.Loss // nothing was recorded, because nobody wanted it
	// unknown is a connection that conntrack did not know when it was asked.
	unknown *tracker.Name
}

// tell gives it to the tracker; ends are given together.
func (l late) tell(t *tracker.Tracker) {
	switch {
	case l.drop != nil:
		t.AddDrop(*l.drop)
	case l.unknown != nil:
		t.Unknown(*l.unknown, l.at)
	case l.gap != nil:
		l.tellGap(t)
	case l.loss != nil:
		t.AddLoss(l.loss.From, l.loss.To, lostKind(*l.loss), max(l.loss.Count, 1)) // also where nobody knows how many
	}
}

// lostKind is a loss's kind as the tracker knows them.
func lostKind(l logs.Loss) string {
	switch l.Place {
	case logs.DropLoss:
		return "drop"
	case logs.EndLoss:
		return "end"
	}
	return l.Kind
}

// later keeps what comes too soon.
func (c *connections) later(l ...late) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = append(c.late, l...)
}

// lost doubts what rests on events that were lost. Those of other places were
// seen.
func (f *Firewall) lost(l logs.Loss) {
	f.toldLosses.add(l)
	switch l.Place {
	case logs.RingLoss, logs.JournalLoss, logs.UnreadLoss, logs.DropLoss, logs.EndLoss:
		f.closing.miss(time.Now())
		f.connections.later(late{at: l.To, loss: &l})
	}
}

// reach lets time pass for connections up to a moment: what happened until then
// is told, in order.
func (c *connections) reach(now time.Time) {
	c.with(func(t *tracker.Tracker) {
		slices.SortStableFunc(c.late, func(a, b late) int { return a.at.Compare(b.at) })
		n := 0
		for n < len(c.late) && (!c.late[n].at.After(now) || len(c.late)-n > maxLate) {
			n++
		}
		c.tellLate(t, c.late[:n])
		c.late = slices.Delete(c.late, 0, n)
		t.Tick(now)
	})
}

// tellLate gives a list to the tracker; ends that follow one another at once.
func (c *connections) tellLate(t *tracker.Tracker, list []late) {
	for len(list) > 0 {
		ends := c.ends[:0]
		for len(ends) < len(list) && list[len(ends)].end != nil {
			ends = append(ends, list[len(ends)].end)
		}
		t.AddEnds(ends)
		list = list[len(ends):]
		clear(ends)
		c.ends = ends
		if len(list) > 0 {
			list[0].tell(t)
			list = list[1:]
		}
	}
}

// begin says that nothing was recorded before.
func (c *connections) begin(now time.Time) {
	c.with(func(t *tracker.Tracker) { t.AddGap(time.Time{}, now) })
}

// end tells what there is still to tell, when the process ends.
func (c *connections) end(now time.Time) {
	c.reach(now)
	c.with(func(t *tracker.Tracker) { t.Close(now) })
}

// keepTime lets time pass for connections until the context ends: no further
// than events have been delivered.
func (f *Firewall) keepTime(ctx context.Context) {
	for range beats(ctx, connectionBeat) {
		now := time.Now()
		f.expireSettings(now)
		f.hearCloses(now)
		f.noteRules(now)
		// Not by how long an event waits: a reader that was kept from reading
		// does not know of it.
		if delivered := f.recorder.Delivered(); !delivered.IsZero() {
			f.connections.reach(earlier(delivered, now.Add(-settleTime)))
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
