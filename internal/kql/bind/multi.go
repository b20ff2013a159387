package bind

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// multiAggregate binds the aggregates that give several columns; nil for others.
func (b *binder) multiAggregate(r *relation, a syntax.Expr, c syntax.Call, keys []item) []namedItem {
	var out []namedItem
	switch c.Fn.Text {
	case "arg_max", "arg_min", "argmax", "argmin":
		out = b.argExtreme(r, c, keys)
	case "take_any", "any", "anyif", "take_anyif":
		out = b.takeAny(r, c, keys)
	case "percentile", "percentiles", "percentilew", "percentilesw":
		out = b.percentiles(r, c)
	case "percentiles_array", "percentilesw_array":
		out = b.percentilesArray(r, c)
	default:
		return nil
	}
	return b.tuple(a, out)
}

// said keeps the columns that the query names, if it names any.
func said(a syntax.Expr, out []namedItem) []namedItem {
	if n, ok := a.(syntax.Named); ok {
		return out[:min(len(n.Names), len(out))]
	}
	return out
}

// tuple gives columns the names that the query says: a = f() names the first,
// (a, b) = f() the first two.
func (b *binder) tuple(a syntax.Expr, out []namedItem) []namedItem {
	n, ok := a.(syntax.Named)
	if !ok {
		return out
	}
	if len(n.Names) > len(out) {
		b.report(n.Span, "", "%d names are given for %d columns", len(n.Names), len(out))
	}
	for i := range out {
		if i < len(n.Names) {
			out[i].name, out[i].said = n.Names[i].Text, true
		}
	}
	return out
}

// aggEnv is the environment of an aggregate's arguments.
func aggEnv(r *relation) *env {
	e := over(r)
	e.aggs = &aggregation{in: r, inside: true}
	return e
}

// returned binds what arg_max and take_any return; * is all columns that are
// not already keys or named. What has no name is called prefix_arg and its
// place, counted from first.
func (b *binder) returned(r *relation, args []syntax.Expr, keys []item, skip, prefix string, first int) []namedItem {
	var out []namedItem
	for i, a := range args {
		if !star(a) {
			name := nameOf(a)
			if name == "" {
				name = prefix + "_arg" + strconv.Itoa(first+i)
			}
			out = append(out, namedItem{item: item{name, b.argument(a, aggEnv(r)), a.Pos()}})
			continue
		}
		for _, col := range r.cols {
			if col.Name != skip && !isKey(keys, col) {
				out = append(out, namedItem{item: item{col.Name, &plan.Ref{Col: col}, a.Pos()}})
			}
		}
	}
	return out
}

func isKey(keys []item, c *plan.Column) bool {
	return slices.ContainsFunc(keys, func(k item) bool {
		ref, ok := k.x.(*plan.Ref)
		return ok && ref.Col == c
	})
}

// argExtreme binds arg_max(x, a, b): the greatest x, and a and b of its row.
func (b *binder) argExtreme(r *relation, c syntax.Call, keys []item) []namedItem {
	name := map[string]string{"arg_max": "max", "argmax": "max", "arg_min": "min", "argmin": "min"}[c.Fn.Text]
	fn, _ := funcs.LookupAggregate("arg_" + name)
	if !b.checkArity(c, fn) {
		return []namedItem{}
	}
	by := b.argument(c.Args[0], aggEnv(r))
	if t := by.Type(); t == value.DynamicType || t == value.GuidType {
		b.report(c.Args[0].Pos(), "convert it: tolong(...), tostring(...)", "a %s cannot be ordered here", t)
	}
	extreme, _ := funcs.LookupAggregate(name)
	first := nameOf(c.Args[0])
	out := []namedItem{{item: item{first, &plan.Agg{Fn: extreme, Args: []plan.Expr{by}, T: by.Type()}, c.Span}}}
	if first == "" {
		out[0].name = name + "_"
	}
	old := c.Fn.Text == "argmax" || c.Fn.Text == "argmin"
	if old { // argmax(x, y) gives max_x and max_x_y
		out[0].name = name + "_" + first
	}
	for _, it := range b.returned(r, c.Args[1:], keys, first, name+"_"+first, 1) {
		if old && !strings.HasPrefix(it.name, out[0].name+"_arg") {
			it.name = out[0].name + "_" + it.name
		}
		it.x = &plan.Agg{Fn: fn, Args: []plan.Expr{it.x, by}, T: it.x.Type(), Order: r.order}
		out = append(out, it)
	}
	return out
}

// takeAny binds take_any(a, b), which is a and b of one row.
func (b *binder) takeAny(r *relation, c syntax.Call, keys []item) []namedItem {
	fn, ok := funcs.LookupAggregate("take_any")
	args := c.Args
	var filter plan.Expr
	if c.Fn.Text == "take_anyif" || c.Fn.Text == "anyif" {
		if len(args) != 2 {
			b.report(c.Span, "", "'%s' needs 2 arguments, it has %d", c.Fn.Text, len(args))
			return []namedItem{}
		}
		filter = b.predicate(args[1], b.argument(args[1], aggEnv(r)))
		args = args[:1]
	} else if !ok || !b.checkArity(c, fn) {
		return []namedItem{}
	}
	out := b.returned(r, args, keys, "", "any", 0)
	for i := range out {
		switch name := nameOf(args[min(i, len(args)-1)]); {
		case c.Fn.Text == "any" && len(args) == 1 && !star(args[0]), c.Fn.Text == "anyif":
			out[i].name = c.Fn.Text + "_" + name
		case c.Fn.Text == "any" && !strings.HasPrefix(out[i].name, "any_arg"):
			out[i].name = "any_" + out[i].name
		case c.Fn.Text == "take_anyif":
			out[i].name = name
		}
		out[i].x = &plan.Agg{Fn: fn, Args: []plan.Expr{out[i].x}, T: out[i].x.Type(), Order: r.order, Filter: filter}
	}
	return out
}

// multiple binds scalar functions that give several columns; nil for others.
func (b *binder) multiple(a syntax.Expr, e *env) []namedItem {
	c, ok := unnamed(a).(syntax.Call)
	if !ok {
		return nil
	}
	fn, ok := funcs.Lookup(c.Fn.Text)
	if !ok || fn.Columns == nil && fn.PerArgument == "" {
		return nil
	}
	whole := b.call(c, e)
	columns := b.outputsOf(c, fn, e)
	if len(columns) == 1 {
		return b.tuple(a, []namedItem{{item: item{columns[0].Name, whole, c.Span}}})
	}
	var out []namedItem
	for i, col := range columns {
		x := b.apply(c.Span, funcs.Must("element"), []plan.Expr{whole, &plan.Lit{T: value.LongType, Value: int64(i)}})
		out = append(out, namedItem{item: item{col.Name, b.cast(x, col.Type), c.Span}})
	}
	return b.tuple(a, out)
}

// outputsOf names the columns of a function that gives several.
func (b *binder) outputsOf(c syntax.Call, fn *funcs.Func, e *env) []funcs.ColumnSpec {
	var out []funcs.ColumnSpec
	if fn.PerArgument == "" {
		out = fn.Columns(len(c.Args))
		for i := range out {
			if len(c.Args) > 0 {
				out[i].Name = fn.Name + "_" + nameOf(c.Args[0]) + "_" + out[i].Name
			}
		}
		return out
	}
	for i, a := range c.Args {
		if i > 0 && b.argument(a, e).Type() == value.BoolType {
			break
		}
		name := nameOf(a)
		if name == "" {
			name = "array" + strconv.Itoa(i)
		}
		out = append(out, funcs.ColumnSpec{Name: name + fn.PerArgument, Type: value.DynamicType})
	}
	return out
}
