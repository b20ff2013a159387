package plainly

import (
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// node gives the rows of a node.
func (e *evaluator) node(n plan.Node) []row {
	switch n := n.(type) {
	case *plan.Scan:
		return e.scan(n)
	case *plan.Rows:
		return constants(n)
	case *plan.Series:
		return series(n)
	case *plan.Filter:
		return e.filter(n)
	case *plan.Project:
		return e.project(n)
	case *plan.Aggregate:
		return e.aggregate(n)
	case *plan.Limit:
		return e.limit(n)
	case *plan.Join:
		return e.join(n)
	case *plan.Union:
		return e.union(n)
	case *plan.Unnest:
		return e.unnest(n)
	case *plan.Shared:
		if _, done := e.shared[n]; !done {
			e.shared[n] = e.node(n.In)
		}
		return e.shared[n]
	}
	unsupported("the node %T", n)
	return nil
}

func (e *evaluator) scan(n *plan.Scan) []row {
	var out []row
	for _, line := range e.tables[n.Table.Name] {
		r := row{}
		for i, c := range n.Cols {
			r[c] = line[i]
		}
		out = append(out, r)
	}
	return out
}

func constants(n *plan.Rows) []row {
	var out []row
	for i, line := range n.Data {
		r := row{}
		for j, c := range n.Cols {
			r[c] = line[j]
		}
		if n.Ordinal != nil {
			r[n.Ordinal] = int64(i)
		}
		out = append(out, r)
	}
	return out
}

// series counts from From to To, both included.
func series(n *plan.Series) []row {
	var out []row
	if n.From == nil || n.To == nil || n.Step == nil {
		return nil
	}
	up, ok := compare(n.Step, minus(n.Step))
	if !ok || up == 0 {
		return nil
	}
	for v := n.From; int64(len(out)) < n.Max; v = plus(v, n.Step) {
		if c, ok := compare(v, n.To); !ok || c == up {
			break
		}
		out = append(out, row{n.Col: v})
	}
	return out
}

func (e *evaluator) filter(n *plan.Filter) []row {
	var out []row
	for _, r := range e.node(n.In) {
		if e.expr(n.Cond, r) == true {
			out = append(out, r)
		}
	}
	return out
}

func (e *evaluator) project(n *plan.Project) []row {
	in := e.node(n.In)
	out := make([]row, len(in))
	for i := range in {
		out[i] = row{}
	}
	for _, it := range n.Items {
		if w, ok := it.X.(*plan.Window); ok {
			for i, v := range e.window(w, in) {
				out[i][it.Col] = v
			}
			continue
		}
		for i, r := range in {
			out[i][it.Col] = e.expr(it.X, r)
		}
	}
	return out
}

// limit keeps the first rows in order, of each partition.
func (e *evaluator) limit(n *plan.Limit) []row {
	var out []row
	taken := map[string]int64{}
	for _, r := range sorted(e.node(n.In), n.Order) {
		part := partition(r, n.Partition)
		if taken[part] < n.N {
			out = append(out, r)
		}
		taken[part]++
	}
	return out
}

// unnest makes a row for each element of the longest list; shorter ones are
// filled with null.
func (e *evaluator) unnest(n *plan.Unnest) []row {
	var out []row
	for _, r := range e.node(n.In) {
		lists := make([]value.Array, len(n.Items))
		longest := 0
		for i, it := range n.Items {
			lists[i] = elements(e.expr(it.X, r), n.KeyValues)
			longest = max(longest, len(lists[i]))
		}
		for at := range longest {
			out = append(out, unnested(n, r, lists, at))
		}
	}
	return out
}

func unnested(n *plan.Unnest, r row, lists []value.Array, at int) row {
	out := row{}
	for _, c := range n.Keep {
		out[c] = r[c]
	}
	for i, it := range n.Items {
		if at < len(lists[i]) {
			out[it.Col] = lists[i][at]
		} else {
			out[it.Col] = nil
		}
	}
	if n.Index != nil {
		out[n.Index] = int64(at)
	}
	return out
}

// elements are what mv-expand makes rows of: the elements of an array, the
// members of a bag, and anything else as it is.
func elements(v any, pairs bool) value.Array {
	switch v := v.(type) {
	case value.Array:
		return v
	case *value.Bag:
		var out value.Array
		for _, k := range v.Keys {
			member, _ := v.Get(k)
			if pairs {
				out = append(out, value.Array{k, member})
				continue
			}
			one := value.NewBag()
			one.Set(k, member)
			out = append(out, one)
		}
		return out
	}
	return value.Array{v}
}
