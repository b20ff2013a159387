package bounds

import "github.com/sekisho/sekisho/internal/kql/plan"

// walker goes through a plan from its end to its scans. A node that several
// others read is gone through when all of them have been: it must give what any
// of them needs.
type walker struct {
	asked map[plan.Node]int  // how many read it
	came  map[plan.Node]int  // how many of them were visited
	want  map[plan.Node]need // what these need together
}

// count counts how many read each node.
func (w *walker) count(n plan.Node) {
	w.asked[n]++
	if w.asked[n] > 1 {
		return
	}
	for _, in := range n.Inputs() {
		w.count(in)
	}
	for _, in := range subqueries(n) {
		w.count(in)
	}
}

// visit takes what one reader needs of n, and goes on below it once all readers
// have come.
func (w *walker) visit(n plan.Node, needed need, found func(*plan.Scan, need)) {
	w.came[n]++
	if before, ok := w.want[n]; ok {
		needed = or(before, needed)
	}
	w.want[n] = needed
	if w.came[n] < w.asked[n] {
		return
	}
	if s, ok := n.(*plan.Scan); ok {
		found(s, needed)
		return
	}
	for i, in := range n.Inputs() {
		w.visit(in, below(n, i, needed), found)
	}
	for _, in := range subqueries(n) {
		w.visit(in, everything, found)
	}
}

// below gives what n needs of its input i, where needed is needed of n.
func below(n plan.Node, i int, needed need) need {
	for _, x := range plan.Exprs(n) {
		if compares(x) {
			return everything
		}
	}
	switch n := n.(type) {
	case *plan.Filter:
		return and(needed, condition(n.Cond))
	case *plan.Project:
		return renamed(n.Items, needed)
	case *plan.Union:
		return branch(n, i, needed)
	case *plan.Join:
		return side(n, i, needed)
	case *plan.Unnest, *plan.Shared:
		return needed // their columns go on as they are
	}
	return everything
}

// compares reports whether an expression looks at other rows than its own.
func compares(x plan.Expr) bool {
	found := false
	plan.Walk(x, func(e plan.Expr) {
		switch e.(type) {
		case *plan.Window, *plan.Agg:
			found = true
		}
	})
	return found
}

// renamed carries needs from projected columns to those that they are made of.
func renamed(items []plan.Item, needed need) need {
	from := map[*plan.Column]*plan.Column{}
	for _, it := range items {
		if ref, ok := it.X.(*plan.Ref); ok {
			from[it.Col] = ref.Col
		}
	}
	return needed.carried(func(c *plan.Column) *plan.Column { return from[c] })
}

// branch carries needs from a union's columns to those of one branch.
func branch(n *plan.Union, i int, needed need) need {
	var items []plan.Item
	for j, c := range n.Cols {
		items = append(items, plan.Item{Col: c, X: n.Branches[i].Items[j]})
	}
	return renamed(items, needed)
}

// side gives what a join needs of its left (0) or right input. A row of a side
// that is kept without a match stands for itself; one of the other side decides
// by its absence, and all of them are needed, but where both must match.
func side(n *plan.Join, i int, needed need) need {
	kept := n.Kind == plan.Inner ||
		i == 0 && (n.Kind == plan.LeftOuter || n.Kind == plan.LeftSemi || n.Kind == plan.LeftAnti) ||
		i == 1 && n.Kind == plan.RightOuter
	if !kept {
		return everything
	}
	own := map[*plan.Column]*plan.Column{}
	for _, c := range plan.Columns(n.Inputs()[i]) {
		own[c] = c
	}
	return needed.carried(func(c *plan.Column) *plan.Column { return own[c] })
}

// subqueries are the nodes that a node's conditions read.
func subqueries(n plan.Node) []plan.Node {
	var out []plan.Node
	for _, x := range plan.Exprs(n) {
		plan.Walk(x, func(e plan.Expr) {
			if in, ok := e.(*plan.InQuery); ok {
				out = append(out, in.Sub)
			}
		})
	}
	return out
}
