package bind

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// percentiles binds percentiles(x, 50, 95) and percentilesw(x, weight, 50, 95),
// a column for each.
func (b *binder) percentiles(r *relation, c syntax.Call) []namedItem {
	many, _ := funcs.LookupAggregate(c.Fn.Text)
	if !b.checkArity(c, many) {
		return []namedItem{}
	}
	of, percents := b.percentileOf(r, c)
	var out []namedItem
	for _, p := range percents {
		lit, ok := b.constant(p, nil)
		if !ok || !b.isPercentage(p, lit.Value) {
			continue
		}
		out = append(out, namedItem{item: item{percentName(nameOf(c.Args[0]), []syntax.Expr{p}), of(lit.Value), p.Pos()}})
	}
	return out
}

// percentileOf binds what percentiles are taken of, and gives the aggregate
// for a percentage, and the arguments that are percentages.
func (b *binder) percentileOf(r *relation, c syntax.Call) (of func(percent any) plan.Expr, percents []syntax.Expr) {
	name, at := "percentile", 1
	args := []plan.Expr{b.argument(c.Args[0], aggEnv(r))}
	switch args[0].Type() {
	case value.IntType:
		args[0] = b.cast(args[0], value.LongType)
	case value.DecimalType:
		args[0] = b.cast(args[0], value.RealType)
	}
	if strings.HasPrefix(c.Fn.Text, "percentilew") || strings.HasPrefix(c.Fn.Text, "percentilesw") {
		name, at = "percentilew", 2
		weight := b.argument(c.Args[1], aggEnv(r))
		if t := weight.Type(); !t.IsInteger() && t != value.Unknown {
			b.report(c.Args[1].Pos(), "", "a weight must be a whole number, not %s", t)
		}
		args = append(args, weight)
	}
	fn, _ := funcs.LookupAggregate(name)
	return func(percent any) plan.Expr {
		share, _ := value.ToReal(percent)
		return &plan.Agg{Fn: fn, T: args[0].Type(), Args: append(slices.Clone(args), &plan.Lit{T: value.RealType, Value: share})}
	}, c.Args[at:]
}

func (b *binder) isPercentage(at syntax.Expr, v any) bool {
	_, ok := value.ToReal(v)
	if !ok {
		b.report(at.Pos(), "write 50, 95, 99.9", "a percentage must be a number")
	}
	return ok
}

// percentilesArray binds the forms that give one array. The percentages are
// arguments, or one array.
func (b *binder) percentilesArray(r *relation, c syntax.Call) []namedItem {
	fn, _ := funcs.LookupAggregate(c.Fn.Text)
	if !b.checkArity(c, fn) {
		return []namedItem{}
	}
	of, percents := b.percentileOf(r, c)
	var list []plan.Expr
	for _, p := range percents {
		lit, ok := b.constant(p, nil)
		if !ok {
			continue
		}
		shares, many := lit.Value.(value.Array)
		if !many {
			shares = value.Array{lit.Value}
		}
		for _, share := range shares {
			if b.isPercentage(p, share) {
				list = append(list, of(share))
			}
		}
	}
	pack := &plan.Call{Fn: funcs.Must("pack_array"), Args: list, T: value.DynamicType}
	return []namedItem{{item: item{nameBy(fn, c), pack, c.Span}}}
}
