package bind

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// expand binds mv-expand and mv-apply.
func (b *binder) expand(r *relation, op syntax.Expand) *relation {
	if op.Sub == nil {
		return b.mvExpand(r, op)
	}
	return b.mvApply(r, op)
}

// mvExpand makes a row for each element.
func (b *binder) mvExpand(r *relation, op syntax.Expand) *relation {
	r = b.ordered(r)
	items := r.all()
	var elements []plan.Item
	for _, x := range op.Items {
		name, v, ok := b.expansion(r, x)
		if !ok {
			continue
		}
		v, r = b.hoist(r, v)
		el := b.column(name, value.DynamicType)
		elements = append(elements, plan.Item{Col: el, X: v})
		out := item{name: name, x: &plan.Ref{Col: el}}
		if x.Type != value.Unknown {
			out.x = b.cast(out.x, x.Type)
		}
		if i := slices.IndexFunc(items, func(it item) bool { return it.name == name }); i >= 0 {
			items[i] = out
		} else {
			items = append(items, out)
		}
	}
	index := b.column("", value.LongType)
	kind := op.Params.Text("kind") + op.Params.Text("bagexpansion")
	node := &plan.Unnest{In: r.node, Keep: plan.Columns(r.node), Items: elements, Index: index, KeyValues: kind == "array"}
	out := &relation{node: node, cols: r.cols, order: append(slices.Clone(r.order), plan.Key{Col: index}), serialized: r.serialized, part: r.part}
	if name := op.Params.Text("with_itemindex"); name != "" {
		items = append(items, item{name: name, x: &plan.Ref{Col: index}})
	}
	if op.Limit != nil {
		if n, ok := b.count64(op.Limit); ok {
			less := b.apply(op.Limit.Pos(), funcs.Must("<"), []plan.Expr{&plan.Ref{Col: index}, &plan.Lit{T: value.LongType, Value: n}})
			out = b.filter(out, less)
		}
	}
	return b.project(out, items)
}

// ordered drops an order that nobody asked for and that cannot be kept.
func (b *binder) ordered(r *relation) *relation {
	out := *r
	out.ordinal = false
	return &out
}

// expansion binds one operand, which must be dynamic.
func (b *binder) expansion(r *relation, x syntax.Expansion) (string, plan.Expr, bool) {
	v := b.expr(x.X, over(r))
	name := nameOf(x.X)
	if x.Name != nil {
		name = x.Name.Text
	}
	if name == "" {
		name = "Column1"
	}
	switch v.Type() {
	case value.DynamicType:
	case value.Unknown:
		return name, v, false
	default:
		b.report(x.X.Pos(), "parse_json makes a dynamic value of text", "only dynamic values can be expanded, not %s", v.Type())
		return name, v, false
	}
	return name, v, true
}

// mvApply runs a subquery on the elements of each row. The row's other columns
// cut the elements into partitions, so that operators in the subquery treat
// each row's elements as a table of its own.
func (b *binder) mvApply(r *relation, op syntax.Expand) *relation {
	r = b.numbered(r)
	id := r.order[0].Col
	outer := slices.DeleteFunc(slices.Clone(r.cols), func(c *plan.Column) bool {
		return slices.ContainsFunc(op.Items, func(x syntax.Expansion) bool { return expandedName(x) == c.Name })
	})
	plain := op
	plain.Sub = nil
	inner := b.mvExpand(r, plain)
	before := inner.part
	inner.part = append(slices.Clone(before), id)
	for _, c := range outer {
		if !slices.Contains(inner.part, c) {
			inner.part = append(inner.part, c)
		}
	}
	inner.serialized = true
	sub := b.ops(inner, op.Sub.Ops)
	if sub == nil {
		return nil
	}
	out := *sub
	out.part = before
	out.cols = slices.Clone(outer)
	var items []item
	for _, c := range outer {
		items = append(items, item{name: c.Name, x: &plan.Ref{Col: c}})
	}
	for _, c := range sub.cols {
		if !slices.Contains(outer, c) {
			items = append(items, item{name: unique(c.Name, takenBy(items)), x: &plan.Ref{Col: c}})
		}
	}
	out.cols = plan.Columns(out.node)
	return b.project(&out, items)
}

func expandedName(x syntax.Expansion) string {
	if x.Name != nil {
		return x.Name.Text
	}
	return nameOf(x.X)
}

// partition runs a subquery on the rows of each value of a column.
func (b *binder) partition(r *relation, op syntax.Partition) *relation {
	col := r.find(op.By.Text)
	if col == nil {
		b.unknownColumn(op.By, over(r))
		return nil
	}
	if op.Sub.Source != nil {
		b.unsupported(op.Sub.Source.Pos(), "begin with an operator", "a subquery of partition with a table of its own is not supported")
		return nil
	}
	inner := *r
	inner.part = append(slices.Clone(r.part), col)
	sub := b.ops(&inner, op.Sub.Ops)
	if sub == nil {
		return nil
	}
	out := *sub
	out.part, out.serialized = r.part, false
	return &out
}
