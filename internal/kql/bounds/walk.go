package bounds

import "github.com/sekisho/sekisho/internal/kql/plan"

// walker goes through a plan from its end to its scans. A node that several
// others read is gone through when all of them have been: it must give what any
// of them needs.
type walker struct {
	asked map[plan.Node]int   // how many read it
	came  map[plan.Node]int   // how many of them were visited
	want  map[plan.Node]spans // what these need together
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
func (w *walker) visit(n plan.Node, needed spans, found func(*plan.Scan, spans)) {
	w.came[n]++
	if before, ok := w.want[n]; ok {
		needed = before.or(needed)
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
		w.visit(in, spans{}, found)
	}
}

// below gives what n needs of its input i, where needed is needed of n.
func below(n plan.Node, i int, needed spans) spans {
	for _, x := range plan.Exprs(n) {
		if compares(x) {
			return spans{}
		}
	}
	switch n := n.(type) {
	case *plan.Filter:
		return needed.and(condition(n.Cond))
	case *plan.Project:
		return renamed(n.Items, needed)
	case *plan.Union:
		return branch(n, i, needed)
	case *plan.Join:
		return side(n, i, needed)
	case *plan.Unnest, *plan.Shared:
		return needed // their columns go on as they are
	}
	return spans{}
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

// renamed carries spans from projected columns to those that they are made of.
func renamed(items []plan.Item, needed spans) spans {
	out := spans{}
	for _, it := range items {
		if x, ok := needed[it.Col]; ok {
			out = out.and(through(it.X, x))
		}
	}
	return out
}

// branch carries spans from a union's columns to those of one branch.
func branch(n *plan.Union, i int, needed spans) spans {
	out := spans{}
	for j, c := range n.Cols {
		if x, ok := needed[c]; ok {
			out = out.and(through(n.Branches[i].Items[j], x))
		}
	}
	return out
}

func through(x plan.Expr, needed Span) spans {
	if ref, ok := x.(*plan.Ref); ok {
		return spans{ref.Col: needed}
	}
	return spans{}
}

// side gives what a join needs of its left (0) or right input. A row of a side
// that is kept without a match stands for itself; one of the other side decides
// by its absence, and all of them are needed, but where both must match.
func side(n *plan.Join, i int, needed spans) spans {
	kept := n.Kind == plan.Inner ||
		i == 0 && (n.Kind == plan.LeftOuter || n.Kind == plan.LeftSemi || n.Kind == plan.LeftAnti) ||
		i == 1 && n.Kind == plan.RightOuter
	if !kept {
		return spans{}
	}
	out := spans{}
	for _, c := range plan.Columns(n.Inputs()[i]) {
		if x, ok := needed[c]; ok {
			out[c] = x
		}
	}
	return out
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
