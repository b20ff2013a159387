package firewall

import (
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// remnant is what is kept of an entry for who asks later. Hardly anybody does, and
// there are thousands a second: an event is copied to where an older one was, and
// rows are made for who asks. So keeping them takes no memory but this.
type remnant struct {
	entry      *Entry           // nil where it is one of a connection or an event:
	connection *flow.Connection // of this one; nil where it is an event's:
	event      flow.Event       // of this one
	rule       *logs.Rule
	fold       logs.Fold
}

func (r *remnant) set(t *telling) {
	r.entry, r.connection = nil, nil
	r.event, r.rule, r.fold = *t.event, t.rule, t.fold
}

// made is the entry, with its rows, which share nothing that changes.
func (r *remnant) made(source *logs.Source) Entry {
	switch {
	case r.entry != nil:
		return *r.entry
	case r.connection != nil:
		return Entry{Connection: r.connection, Rows: []logs.Row{logs.ConnectionRow(r.connection, source)}}
	}
	e := r.event
	return Entry{Event: &e, Rows: logs.FoldedRows(&e, source, r.rule, r.fold)}
}
