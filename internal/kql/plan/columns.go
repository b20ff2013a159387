package plan

// Columns returns all columns that a node's rows have, also those that a query
// does not see.
func Columns(n Node) []*Column {
	switch n := n.(type) {
	case *Scan:
		return n.Cols
	case *Rows:
		if n.Ordinal == nil {
			return n.Cols
		}
		return append(append([]*Column(nil), n.Cols...), n.Ordinal)
	case *Series:
		return []*Column{n.Col}
	case *Project:
		return itemColumns(n.Items)
	case *Aggregate:
		return append(itemColumns(n.Keys), itemColumns(n.Aggs)...)
	case *Union:
		return n.Cols
	case *Unnest:
		out := append(append([]*Column(nil), n.Keep...), itemColumns(n.Items)...)
		if n.Index != nil {
			out = append(out, n.Index)
		}
		return out
	case *Join:
		if n.Kind == LeftSemi || n.Kind == LeftAnti {
			return Columns(n.Left)
		}
		return append(append([]*Column(nil), Columns(n.Left)...), Columns(n.Right)...)
	}
	return Columns(n.Inputs()[0])
}

func itemColumns(items []Item) []*Column {
	out := make([]*Column, len(items))
	for i, it := range items {
		out[i] = it.Col
	}
	return out
}
