package firewall

import (
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// take makes rows of a batch of events.
func (f *Firewall) take(events []flow.Event) {
	f.reach(f.noted)
	f.takeRows(events, nil, f.noted.Moment, f.outputs.Load())
}

// takeRows makes rows of a batch of events, and writes those that are not
// written. The tracker sees each event; those that come too fast have rows
// together.
func (f *Firewall) takeRows(events []flow.Event, done leftOut, m moment, o *outputs) {
	f.fold.begin(m)
	for i := range events {
		e := &events[i]
		rule := f.ruleOf(e)
		f.connections.add(e, rule)
		f.tellEvents(f.fold.add(e, rule), done, o)
	}
	f.tellEvents(f.fold.end(m), done, o)
	f.addSegments()
	f.flushFiles()
	f.connections.tell()
}

// ruleOf names the rule behind an event.
func (f *Firewall) ruleOf(e *flow.Event) logs.Rule {
	if f.policies == nil {
		return logs.Rule{}
	}
	return f.policies.name(e)
}

// tellEvents keeps events for who asks, makes rows of them where rows go
// somewhere, and writes those that are not written.
func (f *Firewall) tellEvents(list []telling, done leftOut, o *outputs) {
	f.stream.tell(list)
	if len(o.files) == 0 {
		return
	}
	for _, t := range list {
		entry := Entry{Event: t.event, Rows: f.maker.Rows(t.event, f.source, t.rule, t.fold)}
		f.write(o, &entry, t.fold.Count > 1, done)
	}
}

// foldLosses compares what waited when a process was killed with what its
// journal gave back. It is less where the journal was damaged.
func (f *Firewall) foldLosses(m moment) (losses []logs.Loss) {
	again := f.fold.untold()
	for flag, before := range m.Untold {
		if lost := before - min(before, again[flag]); lost > 0 {
			kind, _ := flag.MarshalText()
			losses = append(losses, logs.Loss{To: f.started, Place: logs.FoldLoss, Kind: string(kind), Count: lost,
				Reason: "the journal does not have them any more"})
		}
	}
	return losses
}

// tellFoldLosses tells what foldLosses has found, once.
func (f *Firewall) tellFoldLosses() {
	for _, l := range f.losses {
		f.log.Warn("events were lost", "place", l.Place, "kind", l.Kind, "count", l.Count, "reason", l.Reason)
		f.tell(logs.LossRow(l, f.source))
	}
	f.losses = nil
}
