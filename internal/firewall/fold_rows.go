package firewall

import (
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// take makes rows of a batch of events, which is in the stream's memory: it stays.
func (f *Firewall) take(events []flow.Event) {
	f.reach(f.noted)
	f.takeRows(events, nil, f.noted.Moment, f.outputs.Load())
}

// takeRows makes rows of a batch of events, and writes those that are not
// written. The tracker sees each event.
func (f *Firewall) takeRows(events []flow.Event, done leftOut, m moment, o *outputs) {
	rules := f.rulesOf(events)
	f.connections.add(events, rules)
	f.tellEvents(events, f.told(events, rules, m), done, o)
	f.addSegments()
	f.flushFiles()
	f.connections.tell()
}

// rulesOf names the rules behind events. The list is valid until the next one.
func (f *Firewall) rulesOf(events []flow.Event) []*logs.Rule {
	f.rules = f.rules[:0]
	if f.policies != nil {
		f.rules = f.policies.name(events, f.rules)
		return f.rules
	}
	for range events {
		f.rules = append(f.rules, &noRule)
	}
	return f.rules
}

// told is what of a batch of events has rows, in order: those that come too fast
// have rows together. The list is valid until the next one.
func (f *Firewall) told(events []flow.Event, rules []*logs.Rule, m moment) []telling {
	const many = 1 << 14 // a flood's; what stands in such a list would be kept
	if f.telling = f.telling[:0]; cap(f.telling) > many {
		f.telling = nil
	}
	f.fold.begin(m)
	for i := range events {
		f.telling = append(f.telling, f.fold.add(&events[i], rules[i])...)
	}
	f.telling = append(f.telling, f.fold.end(m)...)
	return f.telling
}

// tellEvents keeps events of a batch for who asks, makes rows of them where rows go
// somewhere, and writes those that are not written.
func (f *Firewall) tellEvents(batch []flow.Event, list []telling, done leftOut, o *outputs) {
	f.stream.tell(list, batch)
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

// tellFoundLosses tells what was found at the start, once.
func (f *Firewall) tellFoundLosses() {
	for _, l := range f.losses {
		f.log.Warn("events were lost", "place", l.Place, "kind", l.Kind, "count", l.Count, "reason", l.Reason)
		f.tell(logs.LossRow(l, f.source))
		f.lost(l)
	}
	f.losses = nil
}
