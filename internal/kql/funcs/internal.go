package funcs

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// The functions here stand behind operators and aggregates; queries do not
// name them.
func init() {
	register(Scalar, "internal", []*Func{
		{Name: "expand_elements", Hidden: true, Sig: "x:dynamic", Returns: value.DynamicType, Loose: true, Doc: "Gives the elements of a dynamic value as an array: mv-expand.", Eval: func(c *Call) any { return elements(c.Args[0], false) }},
		{Name: "expand_pairs", Hidden: true, Sig: "x:dynamic", Returns: value.DynamicType, Loose: true, Doc: "Gives the keys and values of a bag as arrays: mv-expand kind=array.", Eval: func(c *Call) any { return elements(c.Args[0], true) }},
		{Name: "flat_list_of", Hidden: true, Sig: "list:dynamic limit:integer", Returns: value.DynamicType, Doc: "Takes the elements out of the arrays in a list: make_list.", Eval: func(c *Call) any {
			list := flat(c.Array(0))
			return list[:min(int64(len(list)), c.Int(1, maxRange))]
		}},
		{Name: "flat_set_of", Hidden: true, Sig: "list:dynamic limit:integer", Returns: value.DynamicType, Doc: "Does the same, and takes repeated values out: make_set.", Eval: func(c *Call) any {
			set := distinct(flat(c.Array(0)))
			return set[:min(int64(len(set)), c.Int(1, maxRange))]
		}},
		{Name: "percentilew_of", Hidden: true, Sig: "pairs:dynamic percent:real", Loose: true, Doc: "Gives a percentile of values with weights.", Eval: evalWeighted},
		{Name: "make_bag_of", Hidden: true, Sig: "list:dynamic limit:integer?", Returns: value.DynamicType, Loose: true, Doc: "Joins the bags of a list.", Eval: evalMakeBag},
		{Name: "buildschema_of", Hidden: true, Sig: "list:dynamic", Returns: value.DynamicType, Doc: "Gives the schema that all values of a list fit.", Eval: evalBuildSchema},
		{Name: "avg_of", Hidden: true, Sig: "list:dynamic", Returns: value.DecimalType, Loose: true, Doc: "Gives the mean of the decimals of a list.", Eval: evalMeanDecimal},
		{Name: "sum_of", Hidden: true, Sig: "list:dynamic", Returns: value.DecimalType, Loose: true, Doc: "Adds the decimals of a list.", Eval: evalSumDecimals},
	})
}

// elements unrolls a value: an array into its elements, a bag into bags of one
// key or pairs, anything else into itself.
func elements(v any, pairs bool) value.Array {
	switch v := v.(type) {
	case value.Array:
		return v
	case *value.Bag:
		out := value.Array{}
		for _, k := range v.Keys {
			e, _ := v.Get(k)
			if pairs {
				out = append(out, value.Array{k, e})
				continue
			}
			one := value.NewBag()
			one.Set(k, e)
			out = append(out, one)
		}
		return out
	}
	return value.Array{v}
}

// flat takes the elements out of the arrays in a list, one level deep.
func flat(list value.Array) value.Array {
	out := value.Array{}
	for _, e := range list {
		if inner, ok := e.(value.Array); ok {
			out = append(out, inner...)
			continue
		}
		out = append(out, e)
	}
	return out
}

// evalWeighted gives the least value at or below which that share of the
// weights is.
func evalWeighted(c *Call) any {
	var list []weighted
	for _, e := range c.Array(0) {
		pair := e.(value.Array)
		list = append(list, weighted{value.Convert(pair[0], c.Out), pair[1].(int64)})
	}
	slices.SortStableFunc(list, func(a, b weighted) int { order, _ := value.Compare(a.v, b.v); return order })
	return nearest(list, c.Real(1, 0))
}

// evalMakeBag keeps the first value of each key.
func evalMakeBag(c *Call) any {
	out := value.NewBag()
	for _, e := range c.Array(0) {
		b, ok := e.(*value.Bag)
		if !ok {
			continue
		}
		for _, k := range b.Keys {
			if _, there := out.Get(k); !there {
				v, _ := b.Get(k)
				out.Set(k, v)
			}
		}
	}
	return out
}

// evalMeanDecimal is null of nothing.
func evalMeanDecimal(c *Call) any {
	n := value.NewDecimal(int64(len(c.Array(0))))
	if mean, ok := evalSumDecimals(c).(value.Decimal).Arith('/', n); ok {
		return mean
	}
	return nil
}

func evalSumDecimals(c *Call) any {
	sum := value.NewDecimal(0)
	for _, e := range c.Array(0) {
		if d, ok := value.Convert(e, value.DecimalType).(value.Decimal); ok {
			sum, _ = sum.Arith('+', d)
		}
	}
	return sum
}
