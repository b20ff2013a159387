package plainly

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// join tries each row of the left with each row of the right.
func (e *evaluator) join(n *plan.Join) []row {
	left, right := e.node(n.Left), e.node(n.Right)
	matchedLeft, matchedRight := make([]bool, len(left)), make([]bool, len(right))
	var both []row
	for i, l := range left {
		for j, r := range right {
			if e.match(n.On, l, r) {
				matchedLeft[i], matchedRight[j] = true, true
				both = append(both, beside(l, r))
			}
		}
	}
	onlyLeft, onlyRight := without(left, matchedLeft), without(right, matchedRight)
	switch n.Kind {
	case plan.Inner:
		return both
	case plan.LeftOuter:
		return append(both, filled(onlyLeft, n.Right)...)
	case plan.RightOuter:
		return append(both, filled(onlyRight, n.Left)...)
	case plan.FullOuter:
		return append(append(both, filled(onlyLeft, n.Right)...), filled(onlyRight, n.Left)...)
	case plan.LeftAnti:
		return onlyLeft
	}
	var semi []row
	for i, l := range left {
		if matchedLeft[i] {
			semi = append(semi, l)
		}
	}
	return semi
}

// match tells whether all keys are the same; null is the same as null.
func (e *evaluator) match(on []plan.Pair, l, r row) bool {
	return !slices.ContainsFunc(on, func(p plan.Pair) bool {
		return identity(e.expr(p.Left, l)) != identity(e.expr(p.Right, r))
	})
}

func beside(l, r row) row {
	out := row{}
	for c, v := range l {
		out[c] = v
	}
	for c, v := range r {
		out[c] = v
	}
	return out
}

func without(rows []row, matched []bool) []row {
	var out []row
	for i, r := range rows {
		if !matched[i] {
			out = append(out, r)
		}
	}
	return out
}

// filled puts null, or the empty string, beside rows for the columns of the
// side that has no match.
func filled(rows []row, other plan.Node) []row {
	nulls := row{}
	for _, c := range plan.Columns(other) {
		nulls[c] = null(c.Type)
	}
	var out []row
	for _, r := range rows {
		out = append(out, beside(r, nulls))
	}
	return out
}

// null is the absent value of a type; strings are never null.
func null(t value.Type) any {
	if t == value.StringType {
		return ""
	}
	return nil
}

func (e *evaluator) union(n *plan.Union) []row {
	var out []row
	for _, b := range n.Branches {
		for _, in := range e.node(b.In) {
			r := row{}
			for i, x := range b.Items {
				r[n.Cols[i]] = e.expr(x, in)
			}
			out = append(out, r)
		}
	}
	return out
}
