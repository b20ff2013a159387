package firewall

import (
	"context"
	"time"

	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/logs"
)

// watchConntrack tells, once a second, which of conntrack's own counters rose.
func (f *Firewall) watchConntrack(ctx context.Context) {
	var before drops.ConntrackCounters
	f.tellCounters(&before)
	for range beats(ctx, lossBeat) {
		f.tellCounters(&before)
	}
}

// tellCounters tells which counters rose since the reading before, if there was
// one. What rises while they cannot be read is told when they can.
func (f *Firewall) tellCounters(before *drops.ConntrackCounters) {
	after, err := drops.ReadConntrackCounters()
	if f.heard(countersPart, err); err != nil {
		return
	}
	if !before.Time.IsZero() {
		for _, d := range drops.Moved(*before, after) {
			f.tell(logs.KernelDropRow(&d, f.source))
			f.connections.later(late{at: d.Time, drop: &d})
		}
	}
	*before = after
}

// span is from a moment to another one; From is zero where it is not known.
type span struct{ From, To time.Time }

// tellUnseenDrops makes a row of the time between two processes, in which nobody
// saw what the host dropped: also what the one before had not told when it was
// killed. It comes before the row of the start, from which on it is seen.
func (f *Firewall) tellUnseenDrops() {
	unseen := f.unseenDrops
	if unseen.From.IsZero() {
		return // there was no process before
	}
	f.tellState(logs.State{State: logs.DropsOff, From: unseen.From, To: unseen.To,
		Detail: "not recorded: " + partWords[dropsPart].what + ": no process was there to read it"})
	f.connections.later(late{at: unseen.To, loss: &logs.Loss{From: unseen.From, To: unseen.To, Place: logs.DropLoss}})
}
