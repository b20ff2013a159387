package firewall

import (
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// remnant is what is kept of an entry for who asks later. Hardly anybody does, and
// there are thousands a second: an event is copied to where an older one was, and
// rows are made for who asks. So keeping them takes no memory but this.
type remnant struct {
	entry      *Entry     // nil where it is one of a connection or an event:
	connection uint64     // the number of this one's row; 0 where it is an event's:
	event      flow.Event // of this one
	rule       *logs.Rule
	fold       logs.Fold
}

func (r *remnant) set(t *telling) {
	r.entry, r.connection = nil, 0
	r.event, r.rule, r.fold = *t.event, t.rule, t.fold
}

func (r *remnant) setConnection(number uint64) { r.entry, r.connection = nil, number }

// made is the entry, with its rows, which share nothing that changes. There is
// none where the row about a connection is not remembered any more.
func (r *remnant) made(s *stream) (e Entry, there bool) {
	switch {
	case r.entry != nil:
		return *r.entry, true
	case r.connection != 0:
		c, there := s.rows.get(r.connection)
		return connectionEntry(c, s.source), there
	}
	event := r.event
	return Entry{Event: &event, Rows: logs.FoldedRows(&event, s.source, r.rule, r.fold)}, true
}

// connectionEntry is that of a row about a connection.
func connectionEntry(c flow.Connection, source *logs.Source) Entry {
	return Entry{Connection: &c, Rows: []logs.Row{logs.ConnectionRow(&c, source)}}
}
