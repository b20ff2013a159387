package bind

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/plan"
)

// An innerunique join keeps any one row of the left side for each key. Kusto
// filters the left side first where it can: a condition behind the join that
// only looks at left columns chooses among all rows and not after one of them
// has been taken.

// pushBelowUnique filters the left rows of an innerunique join that a node
// stands directly on by the parts of a condition that only need them.
func (b *binder) pushBelowUnique(n plan.Node, cond plan.Expr) {
	for {
		f, ok := n.(*plan.Filter)
		if !ok {
			break
		}
		n = f.In
	}
	project, ok := n.(*plan.Project)
	if !ok {
		return
	}
	join, ok := project.In.(*plan.Join)
	if !ok {
		return
	}
	one, ok := join.Left.(*plan.Limit)
	if !ok || b.uniques[one] == nil {
		return
	}
	left := map[*plan.Column]plan.Expr{}
	for _, it := range project.Items {
		if ref, ok := it.X.(*plan.Ref); ok && slices.Contains(b.uniques[one], ref.Col) {
			left[it.Col] = ref
		}
	}
	for _, part := range conjuncts(cond) {
		if onLeft, ok := replaced(part, left); ok {
			one.In = &plan.Filter{In: one.In, Cond: onLeft}
		}
	}
}

// conjuncts splits a condition at its ands.
func conjuncts(x plan.Expr) []plan.Expr {
	if c, ok := x.(*plan.Call); ok && c.Fn.Name == "and" {
		return append(conjuncts(c.Args[0]), conjuncts(c.Args[1])...)
	}
	return []plan.Expr{x}
}

// replaced puts expressions in the place of columns; ok is false where the
// expression needs others, or may differ from one evaluation to the next.
func replaced(x plan.Expr, by map[*plan.Column]plan.Expr) (out plan.Expr, ok bool) {
	switch x := x.(type) {
	case *plan.Lit:
		return x, true
	case *plan.Ref:
		out, ok = by[x.Col]
		return out, ok
	case *plan.Call:
		if x.Fn.Volatile {
			return nil, false
		}
		call := *x
		call.Args = make([]plan.Expr, len(x.Args))
		for i, a := range x.Args {
			if call.Args[i], ok = replaced(a, by); !ok {
				return nil, false
			}
		}
		return &call, true
	}
	return nil, false
}
