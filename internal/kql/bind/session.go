package bind

import (
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// session gives the beginning of the session that each row's time belongs to.
// A session's beginning depends on the one before, which SQL has no words for:
// the times are read in order, and the beginnings joined by the rows' numbers.
func (b *binder) session(r *relation, w *plan.Window) (plan.Expr, *relation) {
	nothing := &plan.Lit{T: value.DatetimeType}
	within, ok1 := litTimespan(w.Args[1])
	between, ok2 := litTimespan(w.Args[2])
	if !ok1 || !ok2 {
		return nothing, r
	}
	times, r := b.hidden(r, w.Args[0])
	cols := append([]*plan.Column{w.Order[0].Col, times}, w.Partition...)
	rows, ok := b.rows(syntax.Span{}, r, cols)
	if !ok {
		return nothing, r
	}
	begins := b.stored(syntax.Span{}, []string{"row", "begin"}, []value.Type{value.LongType, value.DatetimeType}, sessions(rows, within, between))
	if begins == nil {
		return nothing, r
	}
	out := *r
	out.node = &plan.Join{Kind: plan.LeftOuter, Left: r.node, Right: begins.node,
		On: pairs([]*plan.Column{w.Order[0].Col}, begins.cols[:1])}
	return &plan.Ref{Col: begins.cols[1]}, &out
}

func litTimespan(x plan.Expr) (value.Timespan, bool) {
	lit, ok := x.(*plan.Lit)
	if !ok {
		return 0, false
	}
	t, ok := lit.Value.(value.Timespan)
	return t, ok
}

// sessions gives each row's number and the beginning of its session. A row
// holds its number, its time, and what begins sessions anew when it changes.
func sessions(rows [][]any, within, between value.Timespan) [][]any {
	var out [][]any
	var begin, last value.Datetime
	var before []any
	for _, row := range rows {
		at, ok := row[1].(value.Datetime)
		if !ok {
			out = append(out, []any{row[0], nil})
			continue
		}
		if before == nil || !value.Equal(value.Array(before), value.Array(row[2:])) ||
			value.Timespan(at-begin) > within || value.Timespan(at-last) > between {
			begin = at
		}
		before, last = row[2:], at
		out = append(out, []any{row[0], begin})
	}
	return out
}
