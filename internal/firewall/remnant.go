package firewall

import (
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// remnant is what is kept of an entry for who asks later. Hardly anybody does, and
// there are thousands a second: an event is copied to where an older one was, and
// rows are made for who asks. So keeping them takes no memory but this.
type remnant struct {
	entry *Entry // nil where it is one of an event: this one
	event flow.Event
	rule  *logs.Rule
	fold  logs.Fold
}

func (r *remnant) set(t *telling) {
	r.entry, r.event, r.rule, r.fold = nil, *t.event, t.rule, t.fold
}

// made is the entry, with its rows, which share nothing that changes.
func (r *remnant) made(source *logs.Source) Entry {
	if r.entry == nil {
		e := r.event
		return Entry{Event: &e, Rows: logs.FoldedRows(&e, source, r.rule, r.fold)}
	}
	e := *r.entry
	if e.Connection != nil && e.Rows == nil {
		e.Rows = []logs.Row{logs.ConnectionRow(e.Connection, source)}
	}
	return e
}
