package bind

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// in binds in, in~, has_any and has_all with a list, an array or a table.
func (b *binder) in(x syntax.In, e *env) plan.Expr {
	left := b.expr(x.X, e)
	op, negated := strings.CutPrefix(x.Op, "!")
	var out plan.Expr
	if len(x.List) == 1 && b.isTabular(x.List[0], e) {
		out = b.inTable(x, left, op)
	} else {
		args := []plan.Expr{left}
		for _, item := range x.List {
			args = append(args, b.unrolled(b.expr(item, e))...)
		}
		out = b.apply(x.Span, funcs.Must(op), args)
	}
	if negated {
		return b.not(out)
	}
	return out
}

// unrolled gives the elements of a constant array as constants.
func (b *binder) unrolled(x plan.Expr) []plan.Expr {
	lit, ok := x.(*plan.Lit)
	if !ok {
		return []plan.Expr{x}
	}
	list, ok := lit.Value.(value.Array)
	if !ok {
		return []plan.Expr{x}
	}
	var out []plan.Expr
	for _, v := range list {
		t := value.TypeOf(v)
		if v == nil || t == value.DynamicType {
			out = append(out, &plan.Lit{T: value.DynamicType, Value: v})
			continue
		}
		out = append(out, &plan.Lit{T: t, Value: v})
	}
	return out
}

// inTable is true where the first column of a table has the value.
func (b *binder) inTable(x syntax.In, left plan.Expr, op string) plan.Expr {
	r := b.table(x.List[0])
	if r == nil || len(r.cols) == 0 {
		return &plan.Lit{T: value.BoolType}
	}
	if op == "has_any" || op == "has_all" {
		return b.hasTable(x, left, op, r)
	}
	col := r.cols[0]
	want := left.Type()
	if want == value.DynamicType {
		want = col.Type
	}
	if col.Type != want {
		r = b.project(r, []item{{name: col.Name, x: b.cast(&plan.Ref{Col: col}, want)}})
		col = r.cols[0]
	}
	return &plan.InQuery{X: b.cast(left, want), Sub: r.node, Col: col, Fold: strings.HasSuffix(op, "~")}
}

// hasTable reads the words from a table, as a list.
func (b *binder) hasTable(x syntax.In, left plan.Expr, op string, r *relation) plan.Expr {
	args := []plan.Expr{left}
	if b.opts.Runner != nil && !b.failed() {
		rows, err := b.opts.Runner.Rows(b.ctx, &plan.Query{Node: r.node, Cols: r.cols[:1]})
		if err != nil {
			b.stop(fmt.Errorf("%s: %w", op, err))
		}
		for _, row := range rows {
			args = append(args, &plan.Lit{T: value.StringType, Value: value.Text(row[0])})
		}
	}
	return b.apply(x.Span, funcs.Must(op), args)
}
