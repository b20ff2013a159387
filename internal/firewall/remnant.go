package firewall

import (
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// remnant is what is kept of an entry for who asks later. Hardly anybody does, and
// there are thousands a second: an event is copied to where an older one was, and
// rows are made for who asks. So keeping them takes no memory but this.
type remnant struct {
	entry Entry // empty where it is one of an event
	is    bool  // of an event: this one
	event flow.Event
	rule  logs.Rule
	fold  logs.Fold
}

func (r *remnant) set(t *telling) {
	r.entry, r.event, r.rule, r.fold, r.is = Entry{}, *t.event, t.rule, t.fold, true
}

// made is the entry, with its rows, which share nothing that changes.
func (r *remnant) made(source *logs.Source) Entry {
	switch {
	case r.is:
		e := r.event
		return Entry{Event: &e, Rows: logs.FoldedRows(&e, source, r.rule, r.fold)}
	case r.entry.Connection != nil && r.entry.Rows == nil:
		return Entry{Connection: r.entry.Connection, Rows: []logs.Row{logs.ConnectionRow(r.entry.Connection, source)}}
	}
	return r.entry
}
