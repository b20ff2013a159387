// Package bounds finds which rows of its tables a query can need at all: for
// each scan of a plan a span of one datetime column, and a condition by the values
// of others, outside of which no row changes the answer. A store opens only the
// files that may have such rows.
//
// A condition above an operator holds below it too, as long as the operator
// takes each row by itself: projecting, filtering, expanding, the kept side of
// a join, the branches of a union. It does not where rows are counted, ordered
// or compared with one another: aggregates, limits, window functions. What is
// not understood bounds nothing, so too many rows may be said to be needed and
// never too few.
package bounds

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Span is the moments from From to To, both included.
type Span struct{ From, To value.Datetime }

// Always is the span of all moments.
var Always = Span{0, value.MaxDatetime}

// Empty reports whether no moment is in the span.
func (s Span) Empty() bool { return s.From > s.To }

// And is what is in both spans.
func (s Span) And(t Span) Span { return Span{max(s.From, t.From), min(s.To, t.To)} }

// hull is the least span that has both in it.
func (s Span) hull(t Span) Span {
	switch {
	case s.Empty():
		return t
	case t.Empty():
		return s
	}
	return Span{min(s.From, t.From), max(s.To, t.To)}
}

// Need is which rows of a scan are needed: those of a span that fulfil a
// condition.
type Need struct {
	Span
	Where catalog.Condition // nil where nothing is known
}

// Scans gives for each scan of the query's plan which of its rows are needed. The
// span is one of the column of that name; it is [Always] where nothing bounds it,
// or where the table has no such column.
func Scans(q *plan.Query, column string) map[*plan.Scan]Need {
	w := walker{asked: map[plan.Node]int{}, want: map[plan.Node]need{}, came: map[plan.Node]int{}}
	w.count(q.Node)
	out := map[*plan.Scan]Need{}
	w.visit(q.Node, everything, func(s *plan.Scan, n need) { out[s] = Need{spanOf(s, column, n), whereOf(s, n)} })
	return out
}

func spanOf(s *plan.Scan, column string, n need) Span {
	for i, c := range s.Table.Columns {
		if c.Name == column && c.Type == value.DatetimeType {
			return n.span(s.Cols[i])
		}
	}
	return Always
}

func whereOf(s *plan.Scan, n need) catalog.Condition {
	return n.where(func(c *plan.Column) (string, bool) {
		i := slices.Index(s.Cols, c)
		if i < 0 {
			return "", false
		}
		return s.Table.Columns[i].Name, true
	})
}
