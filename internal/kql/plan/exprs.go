package plan

// Exprs returns the expressions that a node computes, itself and not its inputs.
func Exprs(n Node) []Expr {
	var out []Expr
	add := func(items []Item) {
		for _, it := range items {
			out = append(out, it.X)
		}
	}
	switch n := n.(type) {
	case *Filter:
		out = append(out, n.Cond)
	case *Project:
		add(n.Items)
	case *Aggregate:
		add(n.Keys)
		add(n.Aggs)
	case *Unnest:
		add(n.Items)
	case *Join:
		for _, p := range n.On {
			out = append(out, p.Left, p.Right)
		}
	case *Union:
		for _, b := range n.Branches {
			out = append(out, b.Items...)
		}
	}
	return out
}
