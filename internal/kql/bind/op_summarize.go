package bind

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// summarize groups rows and aggregates them.
func (b *binder) summarize(r *relation, op syntax.Summarize) *relation {
	n := &namer{prefix: "Column"}
	keys, r := b.keys(r, op.Keys, n)
	aggs := b.aggregates(r, op.Aggs, n, keys)
	return b.group(r, keys, aggs)
}

// keys binds what rows are grouped by.
func (b *binder) keys(r *relation, list []syntax.Expr, n *namer) ([]item, *relation) {
	var keys []item
	for _, k := range list {
		if _, star := k.(syntax.Star); star {
			keys = append(keys, r.all()...)
			continue
		}
		name, said := n.name(k)
		x := b.expr(unnamed(k), over(r))
		if x.Type() == value.DynamicType {
			b.report(k.Pos(), "convert it: tostring(...), tolong(...)", "rows cannot be grouped by a dynamic value")
		}
		if name == "" {
			name = b.freeNumber(n, keys)
		}
		if ref, ok := x.(*plan.Ref); ok && isName(k) && isKey(keys, ref.Col) && takenBy(keys)(name) {
			b.report(k.Pos(), "", "the column '%s' is there already", name)
		}
		x, r = b.hoist(r, x)
		keys = b.add(keys, name, said && !isName(k), x, k.Pos())
	}
	return keys, r
}

func isName(x syntax.Expr) bool { _, ok := x.(syntax.Name); return ok }

// aggregates binds the columns that summarize calculates.
func (b *binder) aggregates(r *relation, list []syntax.Expr, n *namer, keys []item) []item {
	all := append([]item(nil), keys...)
	for _, a := range list {
		for _, it := range b.aggregateColumns(r, a, n, keys) {
			if it.name == "" {
				it.name = b.freeNumber(n, all)
			}
			all = b.add(all, it.name, it.said, it.x, it.at)
		}
	}
	return all[len(keys):]
}

// aggregateColumns binds one operand of summarize, which may give several columns.
func (b *binder) aggregateColumns(r *relation, a syntax.Expr, n *namer, keys []item) []namedItem {
	if c, ok := unnamed(a).(syntax.Call); ok {
		if _, shadowed := b.functionVariable(c.Fn.Text); !shadowed {
			if many := b.multiAggregate(r, a, c, keys); many != nil {
				return many
			}
		}
	}
	if name, ok := a.(syntax.Name); ok {
		b.report(name.Span, "use take_any("+name.Text+"), or put it behind by", "'%s' is no aggregate", name.Text)
		return nil
	}
	e := over(r)
	e.aggs = &aggregation{in: r}
	name, said := n.name(a)
	if !said {
		name = aggregateName(a)
	}
	return []namedItem{{item{name, b.expr(unnamed(a), e), a.Pos()}, said}}
}

func (b *binder) functionVariable(name string) (*variable, bool) {
	v := b.scope.lookup(name)
	return v, v != nil && v.function != nil
}

// aggregateName is the name of an aggregate's column, "" where it has none.
func aggregateName(x syntax.Expr) string {
	c, ok := x.(syntax.Call)
	if !ok {
		return ""
	}
	fn, ok := funcs.LookupAggregate(c.Fn.Text)
	if !ok {
		return nameOf(x)
	}
	return nameBy(fn, c)
}

// aggregateCall binds an aggregate inside an expression.
func (b *binder) aggregateCall(c syntax.Call, fn *funcs.Func, e *env) plan.Expr {
	if e.aggs.inside {
		b.report(c.Fn.Span, "", "the aggregate '%s' is not allowed inside another", fn.Name)
		return unknown
	}
	e.aggs.inside, e.aggs.used = true, true
	defer func() { e.aggs.inside = false }()
	if fn.Name == "count" && len(c.Args) == 1 {
		b.argument(c.Args[0], e)
		return &plan.Agg{Fn: fn, T: value.LongType}
	}
	if !b.checkArity(c, fn) {
		return &plan.Lit{T: fn.Returns}
	}
	args := make([]plan.Expr, len(c.Args))
	for i, a := range c.Args {
		args[i] = b.argument(a, e)
	}
	return b.aggregate(c, fn, args, e.aggs.in)
}

// olderNames names the aggregates that have a second, older name.
var olderNames = map[string]string{"make_dictionary": "make_bag", "passthrough": "take_any", "cnt": "count"}

// aggregate makes the aggregate of bound arguments.
func (b *binder) aggregate(c syntax.Call, fn *funcs.Func, args []plan.Expr, r *relation) plan.Expr {
	var filter plan.Expr
	switch base, isIf := funcs.IfBase[fn.Name]; {
	case fn.Name == "countif":
		filter = b.predicate(c.Args[0], args[0])
		fn, _ = funcs.LookupAggregate("count")
		args = nil
	case isIf:
		fn, _ = funcs.LookupAggregate(base)
		at, _ := fn.Arity()
		filter = b.predicate(c.Args[at], args[at])
		args = append(slices.Clone(args[:at]), args[at+1:]...)
	}
	if older, ok := olderNames[fn.Name]; ok {
		fn, _ = funcs.LookupAggregate(older)
	}
	t, err := b.resolve(fn, args)
	if err != nil {
		b.report(c.Span, "", "%v", err)
		return &plan.Lit{T: t.result}
	}
	if fn.Returns != value.Unknown {
		t.result = fn.Returns
	}
	out := &plan.Agg{Fn: fn, T: t.result, Filter: filter, Order: r.order}
	for i, a := range args {
		out.Args = append(out.Args, b.cast(a, t.want[i]))
	}
	return out
}

func (b *binder) predicate(at syntax.Expr, x plan.Expr) plan.Expr {
	if t := x.Type(); t != value.BoolType && t != value.Unknown {
		b.report(at.Pos(), "", "a condition must be a bool, not %s", t)
	}
	return b.cast(x, value.BoolType)
}

// group makes the relation of groups. Where rows are numbered as they came,
// groups are in the order of their first rows.
func (b *binder) group(r *relation, keys, aggs []item) *relation {
	g := &plan.Aggregate{In: r.node}
	out := &relation{node: g}
	for _, k := range keys {
		c := b.column(k.name, k.x.Type())
		g.Keys = append(g.Keys, plan.Item{Col: c, X: k.x})
		out.cols = append(out.cols, c)
	}
	for _, p := range r.part {
		g.Keys = append(g.Keys, plan.Item{Col: p, X: &plan.Ref{Col: p}})
	}
	out.part = r.part
	for _, a := range aggs {
		c := b.column(a.name, a.x.Type())
		g.Aggs = append(g.Aggs, plan.Item{Col: c, X: a.x})
		out.cols = append(out.cols, c)
	}
	if r.ordinal && len(g.Keys) > 0 {
		first := r.order[0].Col
		minimum, _ := funcs.LookupAggregate("min")
		c := b.column("", first.Type)
		g.Aggs = append(g.Aggs, plan.Item{Col: c, X: &plan.Agg{Fn: minimum, Args: []plan.Expr{&plan.Ref{Col: first}}, T: first.Type}})
		out.order, out.ordinal = []plan.Key{{Col: c}}, true
	}
	return out
}

// distinct keeps each combination of values once.
func (b *binder) distinct(r *relation, args []syntax.Expr) *relation {
	n := &namer{prefix: "Column"}
	var list []syntax.Expr
	all := false
	for _, a := range args {
		if _, star := a.(syntax.Star); star {
			all = true
			for _, c := range r.cols {
				list = append(list, syntax.Name{Span: a.Pos(), Text: c.Name, Quoted: true})
			}
			continue
		}
		list = append(list, a)
	}
	var unique []syntax.Expr
	seen := map[string]bool{}
	for _, a := range list {
		if name, ok := a.(syntax.Name); ok {
			if all && seen[name.Text] {
				continue
			}
			seen[name.Text] = true
		}
		unique = append(unique, a)
	}
	keys, r := b.keys(r, unique, n)
	return b.group(r, keys, nil)
}

// count counts rows.
func (b *binder) count(r *relation, args []syntax.Expr) *relation {
	fn, _ := funcs.LookupAggregate("count")
	name := "Count"
	if len(args) == 1 {
		name = args[0].(syntax.Name).Text
	}
	return b.group(r, nil, []item{{name: name, x: &plan.Agg{Fn: fn, T: value.LongType}}})
}

// topHitters gives the commonest values of a column, or those with the
// greatest sum of another. Of values that are equally common, those that come
// last stay.
func (b *binder) topHitters(r *relation, op syntax.TopHitters) *relation {
	keys, r := b.keys(r, []syntax.Expr{op.X}, &namer{prefix: "Column"})
	name, agg := "approximate_count_"+keys[0].name, syntax.Call{Span: op.Span, Fn: syntax.Name{Span: op.Span, Text: "count"}}
	if op.By != nil {
		name = "approximate_sum_" + nameOf(op.By)
		agg.Fn.Text, agg.Args = "sum", []syntax.Expr{op.By}
	}
	e := over(r)
	e.aggs = &aggregation{in: r}
	out := b.group(r, keys, []item{{name: name, x: b.call(agg, e)}})
	order := []plan.Key{{Col: out.cols[1], Desc: true}}
	for _, k := range out.order {
		order = append(order, plan.Key{Col: k.Col, Desc: !k.Desc})
	}
	out.order = order
	out.ordinal = false
	return b.take(out, op.N)
}

// star tells whether an argument stands for all columns.
func star(x syntax.Expr) bool { _, ok := x.(syntax.Star); return ok }
