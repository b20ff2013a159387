package bind

import (
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// axis is what make-series lays its values out on.
type axis struct {
	name string
	x    plan.Expr
	// origin is where slot 0 begins, step how long each is.
	origin, step *plan.Lit
	// from and to bound the points that count, nil for no bound; first and last
	// are the slots that follow from them.
	from, to    *plan.Lit
	first, last *plan.Lit
	// closed tells that a point at to counts as well.
	closed bool
}

// makeSeries makes arrays of aggregates over a regular axis: rows are grouped
// by the slot of the axis that they lie in, the groups are gathered, and each
// value is put into its place, with a default where there is no group.
func (b *binder) makeSeries(r *relation, op syntax.MakeSeries) *relation {
	a, ok := b.seriesAxis(r, op)
	if !ok {
		return nil
	}
	n := &namer{prefix: "Column"}
	keys, r := b.keys(r, op.Keys, n)
	slot, r := b.slots(r, a)
	aggs, missing := b.seriesAggregates(r, op, n, keys)
	if b.failed() {
		return nil
	}
	slots := b.group(r, append(keys[:len(keys):len(keys)], item{x: slot}), aggs)
	return b.lined(slots, a, missing, op.Params.Text("kind") == "nonempty")
}

// seriesAggregates binds the aggregates and what stands in their series where
// there is nothing: 0 unless the query says otherwise.
func (b *binder) seriesAggregates(r *relation, op syntax.MakeSeries, n *namer, keys []item) (aggs, missing []item) {
	for _, s := range op.Aggs {
		lit := &plan.Lit{T: value.LongType, Value: int64(0)}
		if s.Default != nil {
			if given, ok := b.constant(s.Default, nil); ok {
				lit = given
			}
		}
		before := append(append([]item(nil), keys...), aggs...)
		for _, it := range b.aggregateColumns(r, s.X, n, keys) {
			if it.name == "" {
				it.name = b.freeNumber(n, before)
			}
			before = b.add(before, it.name, it.said, it.x, it.at)
			missing = append(missing, item{x: b.cast(lit, it.x.Type())})
		}
		aggs = before[len(keys):]
	}
	return aggs, missing
}

// slots keeps the rows within the axis and gives the slot of each.
func (b *binder) slots(r *relation, a axis) (plan.Expr, *relation) {
	before := "<"
	if a.closed {
		before = "<="
	}
	if a.from != nil {
		r = b.filter(r, b.apply(syntax.Span{}, funcs.Must(">="), []plan.Expr{a.x, a.from}))
	}
	if a.to != nil {
		r = b.filter(r, b.apply(syntax.Span{}, funcs.Must(before), []plan.Expr{a.x, a.to}))
	}
	col, r := b.hidden(r, b.apply(syntax.Span{}, funcs.Must("series_slot"), []plan.Expr{a.x, a.origin, a.step}))
	return &plan.Ref{Col: col}, b.filter(r, b.apply(syntax.Span{}, funcs.Must("isnotnull"), []plan.Expr{&plan.Ref{Col: col}}))
}

// lined makes the series of rows that hold the keys, a slot and its values.
func (b *binder) lined(slots *relation, a axis, missing []item, nonempty bool) *relation {
	n := len(slots.cols) - len(missing)
	var keys []item
	for _, c := range slots.cols[:n-1] {
		keys = append(keys, item{name: c.Name, x: &plan.Ref{Col: c}})
	}
	packed := &plan.Call{Fn: funcs.Must("pack_array"), T: value.DynamicType}
	for _, c := range slots.cols[n-1:] {
		packed.Args = append(packed.Args, &plan.Ref{Col: c})
	}
	slot := &plan.Ref{Col: slots.cols[n-1]}
	all := b.group(slots, keys, []item{
		{x: aggregateOf("collect_rows", value.DynamicType, packed)},
		{x: aggregateOf("min", value.LongType, slot)}, {x: aggregateOf("max", value.LongType, slot)},
	})
	groups, first, last := seriesEnds(all, len(keys), a)
	if !nonempty {
		all = b.filter(all, b.apply(syntax.Span{}, funcs.Must("isnotnull"), []plan.Expr{&plan.Ref{Col: all.cols[len(keys)+1]}}))
	}
	items := all.all()[:len(keys)]
	for i, m := range missing {
		index := &plan.Lit{T: value.LongType, Value: int64(i + 1)}
		items = append(items, item{name: slots.cols[n+i].Name, x: &plan.Call{Fn: funcs.Must("series_values"), T: value.DynamicType,
			Args: []plan.Expr{groups, index, first, last, m.x}}})
	}
	items = append(items, item{name: unique(a.name, takenBy(items)), x: b.fold(&plan.Call{Fn: funcs.Must("series_axis"), T: value.DynamicType,
		Args: []plan.Expr{first, last, a.origin, a.step}})})
	return b.project(all, items)
}

// seriesEnds gives the gathered groups and the first and last slot: those that
// the query fixes, or those that have rows.
func seriesEnds(all *relation, keys int, a axis) (groups, first, last plan.Expr) {
	groups, first, last = &plan.Ref{Col: all.cols[keys]}, &plan.Ref{Col: all.cols[keys+1]}, &plan.Ref{Col: all.cols[keys+2]}
	if a.first != nil {
		first = a.first
	}
	if a.last != nil {
		last = a.last
	}
	return groups, first, last
}

func aggregateOf(name string, t value.Type, x plan.Expr) plan.Expr {
	fn, _ := funcs.LookupAggregate(name)
	return &plan.Agg{Fn: fn, T: t, Args: []plan.Expr{x}}
}
