package bind

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// topNested keeps the top values of a column, within each of them the top
// values of the next, and so on. Each level groups the rows that the levels
// above have left, keeps the top groups, and leaves the next level their rows.
func (b *binder) topNested(r *relation, op syntax.TopNested) *relation {
	var keys []*plan.Column // of the levels so far, in the rows
	var result *relation
	for _, level := range op.Levels {
		if level.Others != nil {
			b.unsupported(level.Others.Pos(), "", "'with others' is not supported")
			return nil
		}
		key, names, rows := b.nestedKey(r, level)
		keys = append(keys, key)
		rows = share(rows, false)
		groups := b.nestedGroups(rows, keys, names, level)
		if groups == nil {
			return nil
		}
		r = b.rowsOf(rows, keys, groups)
		result = b.nestedJoin(result, groups)
	}
	result.serialized = false
	return result
}

// nestedNames are what a level's two columns are called.
type nestedNames struct{ key, agg string }

// nestedKey computes what a level groups by.
func (b *binder) nestedKey(r *relation, level syntax.NestedLevel) (*plan.Column, nestedNames, *relation) {
	n := &namer{prefix: "Column"}
	key, _ := n.name(level.X)
	if key == "" {
		key = n.numbered()
	}
	names := nestedNames{key: key, agg: "aggregated_" + key}
	if named, ok := level.Agg.(syntax.Named); ok {
		names.agg = named.Names[0].Text
	}
	col, out := b.hidden(r, b.expr(unnamed(level.X), over(r)))
	return col, names, out
}

// nestedGroups gives the top groups of each combination of the levels above:
// their keys, and the level's aggregate.
func (b *binder) nestedGroups(rows *relation, keys []*plan.Column, names nestedNames, level syntax.NestedLevel) *relation {
	var by []item
	for _, k := range keys {
		by = append(by, item{name: k.Name, x: &plan.Ref{Col: k}})
	}
	by[len(by)-1].name = names.key
	e := over(rows)
	e.aggs = &aggregation{in: rows}
	groups := b.group(rows, by, []item{{name: names.agg, x: b.expr(unnamed(level.Agg), e)}})
	agg := groups.cols[len(groups.cols)-1]
	first := plan.Key{Col: agg, Desc: level.Dir != "asc", NullsFirst: level.Dir == "asc"}
	groups.order, groups.ordinal = append([]plan.Key{first}, groups.order...), false
	if level.N != nil {
		n, ok := b.count64(level.N)
		if !ok {
			return nil
		}
		groups.node = &plan.Limit{In: groups.node, N: n, Order: groups.order, Partition: slices.Clone(groups.cols[:len(keys)-1])}
	}
	return share(groups, false)
}

// rowsOf keeps the rows of the groups.
func (b *binder) rowsOf(rows *relation, keys []*plan.Column, groups *relation) *relation {
	again := b.fresh(groups)
	out := *rows
	out.node = &plan.Join{Kind: plan.LeftSemi, Left: rows.node, Right: again.node, On: pairs(keys, again.cols)}
	return &out
}

// nestedJoin puts a level's columns beside those of the levels above.
func (b *binder) nestedJoin(above, groups *relation) *relation {
	level := b.fresh(groups)
	if above == nil {
		return level
	}
	n := len(level.cols)
	var keys []*plan.Column
	for i := 0; i < len(above.cols); i += 2 {
		keys = append(keys, above.cols[i])
	}
	out := &relation{order: append(slices.Clone(above.order), level.order...)}
	out.node = &plan.Join{Kind: plan.Inner, Left: above.node, Right: level.node, On: pairs(keys, level.cols)}
	out.cols = append(slices.Clone(above.cols), level.cols[n-2:]...)
	return out
}

// pairs makes the equalities of columns one by one.
func pairs(left, right []*plan.Column) []plan.Pair {
	out := make([]plan.Pair, len(left))
	for i, l := range left {
		out[i] = plan.Pair{Left: &plan.Ref{Col: l}, Right: &plan.Ref{Col: right[i]}}
	}
	return out
}
