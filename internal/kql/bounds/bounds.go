// Package bounds finds which rows of its tables a query can need at all, by
// time: for each scan of a plan a span of one datetime column outside of which
// no row changes the answer. A store opens only the files of that span.
//
// A condition above an operator holds below it too, as long as the operator
// takes each row by itself: projecting, filtering, expanding, the kept side of
// a join, the branches of a union. It does not where rows are counted, ordered
// or compared with one another: aggregates, limits, window functions. What is
// not understood bounds nothing, so a span may be too wide and never too
// narrow.
package bounds

import (
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

// spans bound columns; one that is missing is not bounded. Null is in no span.
type spans map[*plan.Column]Span

// and bounds by both.
func (s spans) and(t spans) spans {
	out := spans{}
	for c, x := range s {
		out[c] = x
	}
	for c, x := range t {
		if y, ok := out[c]; ok {
			x = x.And(y)
		}
		out[c] = x
	}
	return out
}

// or bounds by one or the other: only what both bound is bounded.
func (s spans) or(t spans) spans {
	out := spans{}
	for c, x := range s {
		if y, ok := t[c]; ok {
			out[c] = x.hull(y)
		}
	}
	return out
}

// Scans gives for each scan of the query's plan the span of the column of that
// name that its rows are needed for; [Always] where nothing bounds it, or where
// the table has no such column.
func Scans(q *plan.Query, column string) map[*plan.Scan]Span {
	w := walker{asked: map[plan.Node]int{}, want: map[plan.Node]spans{}, came: map[plan.Node]int{}}
	w.count(q.Node)
	out := map[*plan.Scan]Span{}
	w.visit(q.Node, spans{}, func(s *plan.Scan, bounded spans) { out[s] = spanOf(s, column, bounded) })
	return out
}

func spanOf(s *plan.Scan, column string, bounded spans) Span {
	for i, c := range s.Table.Columns {
		if c.Name == column && c.Type == value.DatetimeType {
			if x, ok := bounded[s.Cols[i]]; ok {
				return x
			}
		}
	}
	return Always
}
