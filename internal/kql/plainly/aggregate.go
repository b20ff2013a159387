package plainly

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// aggregate makes a row for each group, in the order in which groups appear;
// without keys one row of all rows, also of none.
func (e *evaluator) aggregate(n *plan.Aggregate) []row {
	var order []string
	groups, keys := map[string][]row{}, map[string]row{}
	for _, r := range e.node(n.In) {
		k := row{}
		parts := []string{}
		for _, it := range n.Keys {
			k[it.Col] = e.expr(it.X, r)
			parts = append(parts, identity(k[it.Col]))
		}
		id := strings.Join(parts, "\x00")
		if keys[id] == nil {
			order, keys[id] = append(order, id), k
		}
		groups[id] = append(groups[id], r)
	}
	if len(n.Keys) == 0 && len(order) == 0 && len(n.Aggs) > 0 {
		order, keys[""] = []string{""}, row{}
	}
	var out []row
	for _, id := range order {
		r := keys[id]
		for _, it := range n.Aggs {
			r[it.Col] = e.overGroup(it.X, groups[id])
		}
		out = append(out, r)
	}
	return out
}

// overGroup evaluates an expression with aggregates over the rows of a group.
func (e *evaluator) overGroup(x plan.Expr, rows []row) any {
	switch x := x.(type) {
	case *plan.Agg:
		return e.agg(x, rows)
	case *plan.Call:
		whole := *x
		whole.Args = nil
		for _, a := range x.Args {
			whole.Args = append(whole.Args, &plan.Lit{T: a.Type(), Value: e.overGroup(a, rows)})
		}
		return e.call(&whole, nil)
	}
	return e.expr(x, nil)
}

// agg computes one aggregate from the values of its first argument, in order.
func (e *evaluator) agg(a *plan.Agg, rows []row) any {
	var kept []row
	for _, r := range sorted(rows, a.Order) {
		if a.Filter == nil || e.expr(a.Filter, r) == true {
			kept = append(kept, r)
		}
	}
	if a.Fn.Name == "count" {
		return int64(len(kept))
	}
	if a.Fn.Name == "arg_max" || a.Fn.Name == "arg_min" {
		return e.argExtreme(a, kept)
	}
	f, ok := aggregates[a.Fn.Name]
	if !ok && together[a.Fn.Name] == nil {
		unsupported("the aggregate %s", a.Fn.Name)
	}
	if of, ok := together[a.Fn.Name]; ok {
		return of(e.both(a, kept))
	}
	keepNull := a.Fn.Name == "make_list_with_nulls" || a.Args[0].Type() == value.DynamicType && (a.Fn.Name == "make_list" || a.Fn.Name == "make_set")
	var values []any
	for _, r := range kept {
		if v := e.expr(a.Args[0], r); v != nil || keepNull {
			values = append(values, v)
		}
	}
	second := any(nil)
	if len(a.Args) > 1 {
		second = e.expr(a.Args[1], nil)
	}
	if v := f(a, values, second); v != nil {
		return v
	}
	return null(a.T)
}

// argExtreme is the first argument in the row where the second is greatest or
// least; rows in which that is null count only where all are null. What is not a
// number is both the greatest and the least.
func (e *evaluator) argExtreme(a *plan.Agg, rows []row) any {
	var best row
	for _, r := range rows {
		by := e.expr(a.Args[1], r)
		if best == nil {
			best = r
			continue
		}
		held := e.expr(a.Args[1], best)
		if isNaN(held) {
			break // nothing is further out
		}
		order, ok := compare(by, held)
		if isNaN(by) {
			best = r
			continue
		}
		if ok && (order > 0) == (a.Fn.Name == "arg_max") && order != 0 || held == nil && by != nil {
			best = r
		}
	}
	if best == nil {
		return null(a.T)
	}
	return e.expr(a.Args[0], best)
}

// aggregates compute from the values that are not null.
var aggregates = map[string]func(a *plan.Agg, values []any, second any) any{
	"sum":            func(a *plan.Agg, values []any, _ any) any { return sum(a.T, values) },
	"avg":            average,
	"min":            func(_ *plan.Agg, values []any, _ any) any { return extreme(values, -1) },
	"max":            func(_ *plan.Agg, values []any, _ any) any { return extreme(values, 1) },
	"dcount":         countDistinct,
	"count_distinct": countDistinct,
	"variance":       func(_ *plan.Agg, values []any, _ any) any { return variance(values, 1) },
	"variancep":      func(_ *plan.Agg, values []any, _ any) any { return variance(values, 0) },
	"stdev":          func(_ *plan.Agg, values []any, _ any) any { return math.Sqrt(variance(values, 1)) },
	"stdevp":         func(_ *plan.Agg, values []any, _ any) any { return math.Sqrt(variance(values, 0)) },
	"percentile":     percentile,
	"make_list":      makeList, "make_list_with_nulls": makeList,
	"make_set": func(a *plan.Agg, values []any, limit any) any { return makeList(a, distinct(flat(a, values)), limit) },
	"make_bag": makeBag,
	"take_any": func(_ *plan.Agg, values []any, _ any) any {
		if len(values) == 0 {
			return nil
		}
		return values[0]
	},
	"binary_all_and": allBits(func(a, b int64) int64 { return a & b }),
	"binary_all_or":  allBits(func(a, b int64) int64 { return a | b }),
	"binary_all_xor": allBits(func(a, b int64) int64 { return a ^ b }),
}

// sum of nothing is zero.
func sum(t value.Type, values []any) any {
	total := convert(int64(0), t)
	for _, v := range values {
		if t == value.LongType {
			v = convert(v, t)
		}
		total = plus(total, v)
	}
	return total
}

// average of nothing is not a number, or null for times, which have none.
func average(a *plan.Agg, values []any, _ any) any {
	switch a.T {
	case value.DatetimeType, value.TimespanType:
		if len(values) == 0 {
			return nil
		}
		total := new(big.Int)
		for _, v := range values {
			n, _ := bits(v)
			total.Add(total, big.NewInt(n))
		}
		return like(values[0], total.Quo(total, big.NewInt(int64(len(values)))).Int64())
	case value.DecimalType:
		unsupported("avg of decimals")
	}
	total := 0.0
	for _, v := range values {
		f, _ := number(v)
		total += f
	}
	return total / float64(len(values))
}

func countDistinct(_ *plan.Agg, values []any, _ any) any { return int64(len(distinct(values))) }

// variance of a population, or of a sample, which has one value less to go by.
func variance(values []any, less int) float64 {
	n := float64(len(values))
	for _, v := range values {
		if f, _ := number(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return math.NaN()
		}
	}
	if len(values) <= less {
		return 0
	}
	mean := 0.0
	for _, v := range values {
		f, _ := number(v)
		mean += f
	}
	mean /= n
	total := 0.0
	for _, v := range values {
		f, _ := number(v)
		total += (f - mean) * (f - mean)
	}
	return total / (n - float64(less))
}

// percentile is the least value at or below which that share of the values is.
func percentile(_ *plan.Agg, values []any, percent any) any {
	share, _ := number(percent)
	list := slices.Clone(values)
	slices.SortStableFunc(list, func(x, y any) int {
		if isNaN(x) || isNaN(y) {
			return truth(isNaN(x)) - truth(isNaN(y))
		}
		order, _ := compare(x, y)
		return order
	})
	for i, v := range list {
		if float64(i+1) >= share/100*float64(len(list)) {
			return v
		}
	}
	return nil
}

// flat takes the elements out of arrays.
func flat(a *plan.Agg, values []any) (out value.Array) {
	for _, v := range values {
		if inner, ok := v.(value.Array); ok && a.Args[0].Type() == value.DynamicType {
			out = append(out, inner...)
			continue
		}
		out = append(out, v)
	}
	return out
}

func makeList(a *plan.Agg, values []any, limit any) any {
	out := append(value.Array{}, flat(a, values)...)
	if n, ok := limit.(int64); ok && int(n) < len(out) {
		out = out[:n]
	}
	return out
}

// makeBag keeps the first value of each key.
func makeBag(_ *plan.Agg, values []any, _ any) any {
	out := value.NewBag()
	for _, v := range values {
		b, ok := v.(*value.Bag)
		if !ok {
			continue
		}
		for _, k := range b.Keys {
			member, _ := b.Get(k)
			if _, there := out.Get(k); !there {
				out.Set(k, member)
			}
		}
	}
	return out
}

func allBits(f func(a, b int64) int64) func(*plan.Agg, []any, any) any {
	return func(_ *plan.Agg, values []any, _ any) any {
		if len(values) == 0 {
			return nil
		}
		out := values[0].(int64)
		for _, v := range values[1:] {
			out = f(out, v.(int64))
		}
		return out
	}
}
