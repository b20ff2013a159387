package firewall

import (
	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// take makes rows of a batch of events.
func (f *Firewall) take(events []flow.Event) { f.takeRows(events, &written{}, f.clockwork.moment) }

// takeRows makes rows of a batch of events, and writes those that are not
// written. The tracker sees each event; those that come too fast have rows
// together.
func (f *Firewall) takeRows(events []flow.Event, done *written, m moment) {
	f.tellEvents(f.fold.begin(m), done)
	for i := range events {
		e := &events[i]
		rule := f.ruleOf(e)
		f.connections.add(e, rule)
		f.tellEvents(f.fold.add(e, rule), done)
	}
	f.tellEvents(f.fold.end(m), done)
	f.clockwork.journaled(events, m)
	if f.files != nil {
		f.flushFiles()
	}
	f.connections.tell()
}

// ruleOf names the rule behind an event.
func (f *Firewall) ruleOf(e *flow.Event) logs.Rule {
	if f.policies == nil {
		return logs.Rule{}
	}
	return f.policies.name(e)
}

// tellEvents makes rows of events, and writes those that are not written.
func (f *Firewall) tellEvents(list []telling, done *written) {
	for _, t := range list {
		e := *t.event // a copy: rows keep it
		rows := logs.FoldedRows(&e, f.source, t.rule, t.fold)
		f.stream.publish(Entry{Event: &e, Rows: rows})
		if f.files != nil {
			f.files.add(rows, done)
		}
	}
}

// replay takes a batch that an earlier process delivered: its connections are
// known again, and what it had counted and not told.
func (f *Firewall) replay(b capture.Recalled) {
	m := momentOf(b.Mark)
	f.fold.begin(m)
	for i := range b.Events {
		e := &b.Events[i]
		rule := f.ruleOf(e)
		f.connections.replay(e, rule)
		f.fold.add(e, rule)
	}
	f.fold.end(m)
	f.clockwork.journaled(b.Events, m)
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
