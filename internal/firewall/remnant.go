package firewall

import (
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// remnant is what is kept of an entry for who asks later. Hardly anybody does, and
// there are thousands a second: an event stays where it was decoded, and rows are
// made for who asks.
type remnant struct {
	entry      *Entry      // nil where it is one of a connection or an event:
	connection uint64      // the number of this one's row; 0 where it is an event's:
	event      *flow.Event // this one, which does not change
	rule       *logs.Rule
	fold       *logs.Fold // nil where it stands for itself
}

func (r *remnant) set(t *telling) {
	*r = remnant{event: t.event, rule: t.rule}
	if t.fold.By != "" {
		fold := t.fold
		r.fold = &fold
	}
}

func (r *remnant) setConnection(number uint64) { *r = remnant{connection: number} }

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
	event, fold := *r.event, logs.Fold{Count: 1}
	if r.fold != nil {
		fold = *r.fold
	}
	return Entry{Event: &event, Rows: logs.FoldedRows(&event, s.source, r.rule, fold)}, true
}

// connectionEntry is that of a row about a connection.
func connectionEntry(c flow.Connection, source *logs.Source) Entry {
	return Entry{Connection: &c, Rows: []logs.Row{logs.ConnectionRow(&c, source)}}
}
