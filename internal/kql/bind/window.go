package bind

import (
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// restartAt is the argument that begins a window function anew.
var restartAt = map[string]int{"row_number": 1, "row_cumsum": 1, "row_rank_dense": 1, "row_rank_min": 1, "row_window_session": 3}

// windowCall binds a function over neighbouring rows. Order and partition are
// set when it is hoisted.
func (b *binder) windowCall(c syntax.Call, fn *funcs.Func, args []plan.Expr, e *env) plan.Expr {
	result := &plan.Lit{T: fn.Returns}
	if len(args) > 0 && fn.Returns == value.Unknown {
		result.T = args[0].Type()
	}
	if e == nil || e.row == nil || !e.windows {
		b.report(c.Span, "sort or serialize the rows first", "'%s' needs rows that have an order", fn.Name)
		return result
	}
	if !b.checkArity(c, fn) {
		return result
	}
	if fn.Param(0).Kind == "column" && args[0].Type() != value.Unknown {
		if _, isColumn := args[0].(*plan.Ref); !isColumn {
			b.report(c.Args[0].Pos(), "compute it with extend first", "'%s' needs a column", fn.Name)
		}
	}
	b.checkConstants(c, fn, args)
	t, err := b.resolve(fn, args)
	if err != nil {
		b.report(c.Span, fn.Signature(), "%v", err)
		return result
	}
	w := &plan.Window{Fn: fn, T: t.result}
	for i, a := range args {
		w.Args = append(w.Args, b.cast(a, t.want[i]))
	}
	return w
}

// hoistAll computes the window functions of items before them.
func (b *binder) hoistAll(r *relation, items []item) ([]item, *relation) {
	out := append([]item(nil), items...)
	for i := range out {
		out[i].x, r = b.hoist(r, out[i].x)
	}
	return out, r
}

// hoist computes the window functions of an expression in columns of their own,
// because SQL allows none in conditions or in one another.
func (b *binder) hoist(r *relation, x plan.Expr) (plan.Expr, *relation) {
	switch x := x.(type) {
	case *plan.Call:
		out := *x
		out.Args = make([]plan.Expr, len(x.Args))
		for i, a := range x.Args {
			out.Args[i], r = b.hoist(r, a)
		}
		return &out, r
	case *plan.InQuery:
		out := *x
		out.X, r = b.hoist(r, x.X)
		return &out, r
	case *plan.Window:
		return b.hoistWindow(r, x)
	}
	return x, r
}

func (b *binder) hoistWindow(r *relation, x *plan.Window) (plan.Expr, *relation) {
	w := *x
	w.Args = make([]plan.Expr, len(x.Args))
	for i, a := range x.Args {
		w.Args[i], r = b.hoist(r, a)
	}
	r = b.numbered(r)
	w.Order, w.Partition = r.order, r.part
	if at, ok := restartAt[w.Fn.Name]; ok && len(w.Args) > at {
		var group *plan.Column
		group, r = b.windowColumn(r, &w, "window_count", value.LongType, w.Args[at])
		w.Args = w.Args[:at]
		w.Partition = append(append([]*plan.Column(nil), w.Partition...), group)
	}
	switch w.Fn.Name {
	case "row_rank_dense", "row_rank_min":
		return b.rank(r, &w)
	case "row_window_session":
		return b.session(r, &w)
	}
	col, r := b.extendHidden(r, &w)
	return &plan.Ref{Col: col}, r
}

// windowColumn adds a column made by another window function over the same rows.
func (b *binder) windowColumn(r *relation, like *plan.Window, fn string, t value.Type, args ...plan.Expr) (*plan.Column, *relation) {
	return b.extendHidden(r, &plan.Window{Fn: funcs.Must(fn), Args: args, T: t, Order: like.Order, Partition: like.Partition})
}

// rank counts the rows at which the term changes, or numbers the last of them.
func (b *binder) rank(r *relation, w *plan.Window) (plan.Expr, *relation) {
	changed, r := b.windowColumn(r, w, "window_changed", value.BoolType, w.Args[0])
	if w.Fn.Name == "row_rank_dense" {
		out, r := b.windowColumn(r, w, "window_count", value.LongType, &plan.Ref{Col: changed})
		return &plan.Ref{Col: out}, r
	}
	number, r := b.windowColumn(r, w, "row_number", value.LongType)
	first := &plan.Call{Fn: funcs.Must("iff"), T: value.LongType,
		Args: []plan.Expr{&plan.Ref{Col: changed}, &plan.Ref{Col: number}, &plan.Lit{T: value.LongType}}}
	out, r := b.windowColumn(r, w, "window_max", value.LongType, first)
	return &plan.Ref{Col: out}, r
}

// numbered makes sure that the rows' order is one column that numbers them, so
// that rows which the keys do not tell apart have the same order everywhere.
func (b *binder) numbered(r *relation) *relation {
	if r.ordinal {
		return r
	}
	col, out := b.extendHidden(r, &plan.Window{Fn: funcs.Must("row_number"), T: value.LongType, Order: r.order})
	again := *out
	again.order, again.ordinal = []plan.Key{{Col: col}}, true
	return &again
}
