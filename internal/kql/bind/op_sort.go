package bind

import (
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// sort orders the rows; equal ones stay as they were.
func (b *binder) sort(r *relation, keys []syntax.Ordered) *relation {
	var order []plan.Key
	for _, k := range keys {
		x := b.expr(unnamed(k.X), over(r))
		if x.Type() == value.DynamicType {
			b.report(k.X.Pos(), "convert it: tostring(...), tolong(...)", "dynamic values cannot be ordered")
		}
		var col *plan.Column
		col, r = b.hidden(r, x)
		key := plan.Key{Col: col, Desc: k.Dir != "asc"}
		key.NullsFirst = k.Nulls == "first" || k.Nulls == "" && !key.Desc
		order = append(order, key)
	}
	out := *r
	if r.ordinal {
		order = append(order, r.order...)
	}
	out.order, out.ordinal, out.serialized = order, false, true
	return &out
}

// hidden makes sure that a value is in a column, one that is not seen if need be.
func (b *binder) hidden(r *relation, x plan.Expr) (*plan.Column, *relation) {
	if ref, ok := x.(*plan.Ref); ok {
		return ref.Col, r
	}
	x, r = b.hoist(r, x)
	if ref, ok := x.(*plan.Ref); ok {
		return ref.Col, r
	}
	return b.extendHidden(r, x)
}

// extendHidden adds a column that is not seen.
func (b *binder) extendHidden(r *relation, x plan.Expr) (*plan.Column, *relation) {
	col := b.column("", x.Type())
	p := &plan.Project{In: r.node}
	seen := map[*plan.Column]bool{}
	keep := func(c *plan.Column) {
		if !seen[c] {
			seen[c] = true
			p.Items = append(p.Items, plan.Item{Col: c, X: &plan.Ref{Col: c}})
		}
	}
	for _, c := range r.carried() {
		keep(c)
	}
	p.Items = append(p.Items, plan.Item{Col: col, X: x})
	out := *r
	out.node = p
	return col, &out
}

// carried are the columns that must go on: those that are seen, those made for
// the operator at hand, and those that order or cut the rows.
func (r *relation) carried() []*plan.Column {
	out := append([]*plan.Column(nil), plan.Columns(r.node)...)
	return out
}

// top is sort and take.
func (b *binder) top(r *relation, t syntax.Top) *relation {
	r = b.sort(r, t.Keys)
	return b.take(r, t.N)
}

// take keeps the first rows.
func (b *binder) take(r *relation, x syntax.Expr) *relation {
	n, ok := b.count64(x)
	if !ok {
		return r
	}
	out := *r
	out.node = &plan.Limit{In: r.node, N: n, Order: r.order, Partition: r.part}
	return &out
}

// count64 binds a number of rows.
func (b *binder) count64(x syntax.Expr) (int64, bool) {
	lit, ok := b.constant(x, nil)
	if !ok {
		return 0, false
	}
	n, isInt := lit.Value.(int64)
	if !lit.T.IsInteger() || !isInt {
		b.report(x.Pos(), "", "a number of rows is expected, not a %s", lit.T)
		return 0, false
	}
	return max(n, 0), true
}

// sample keeps rows by chance.
func (b *binder) sample(r *relation, x syntax.Expr) *relation {
	n, ok := b.count64(x)
	if !ok {
		return r
	}
	out := *r
	out.node = &plan.Sample{In: r.node, N: n}
	return &out
}

// sampleDistinct keeps some of the different values of a column.
func (b *binder) sampleDistinct(r *relation, op syntax.Simple) *relation {
	if len(op.Args) != 2 {
		b.report(op.Span, "sample-distinct 10 of Column", "the column is missing")
		return nil
	}
	r = b.distinct(r, op.Args[1:])
	if r == nil {
		return nil
	}
	return b.take(r, op.Args[0])
}

// serialize gives the rows an order that window functions can use.
func (b *binder) serialize(r *relation, args []syntax.Expr) *relation {
	out := *r
	out.serialized = true
	if len(args) == 0 {
		return &out
	}
	return b.extend(&out, args)
}

// as gives the rows a name, under which they can be read again.
func (b *binder) as(r *relation, op syntax.As) *relation {
	hint, _ := op.Params.Get("hint.materialized")
	once, _ := hint.Value.(syntax.Literal)
	out := share(r, once.Value == true)
	out.name = op.Name.Text
	b.scope.vars[op.Name.Text] = &variable{table: out}
	again := b.fresh(out)
	again.name, again.serialized = out.name, r.serialized
	return again
}

// invoke hands the rows to a function of the query.
func (b *binder) invoke(r *relation, op syntax.Invoke) *relation {
	v := b.scope.lookup(op.Call.Fn.Text)
	if v == nil || v.function == nil {
		names := b.scope.names(func(v *variable) bool { return v.function != nil })
		b.report(op.Call.Fn.Span, syntax.DidYouMean(op.Call.Fn.Text, names), "'%s' is not a function of this query", op.Call.Fn.Text)
		return nil
	}
	return b.callTableFunction(op.Call.Span, op.Call.Fn.Text, v.function, op.Call.Args, r)
}
