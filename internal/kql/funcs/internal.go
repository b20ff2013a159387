package funcs

import (
	"github.com/sekisho/sekisho/internal/kql/value"
)

// The functions here stand behind operators and aggregates; queries do not
// name them.
func init() {
	register(Scalar, "internal", []*Func{
		{Name: "expand_elements", Hidden: true, Sig: "x:dynamic", Returns: value.DynamicType, Loose: true, Doc: "Gives the elements of a dynamic value as an array: mv-expand.", Eval: func(c *Call) any { return elements(c.Args[0], false) }},
		{Name: "expand_pairs", Hidden: true, Sig: "x:dynamic", Returns: value.DynamicType, Loose: true, Doc: "Gives the keys and values of a bag as arrays: mv-expand kind=array.", Eval: func(c *Call) any { return elements(c.Args[0], true) }},
		{Name: "make_set_of", Hidden: true, Sig: "list:dynamic limit:integer", Returns: value.DynamicType, Doc: "Takes repeated values out of a list.", Eval: func(c *Call) any {
			set := distinct(c.Array(0))
			return set[:min(int64(len(set)), c.Int(1, maxRange))]
		}},
		{Name: "make_bag_of", Hidden: true, Sig: "list:dynamic limit:integer?", Returns: value.DynamicType, Loose: true, Doc: "Joins the bags of a list.", Eval: evalMakeBag},
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

func evalSumDecimals(c *Call) any {
	sum := value.NewDecimal(0)
	for _, e := range c.Array(0) {
		if d, ok := value.Convert(e, value.DecimalType).(value.Decimal); ok {
			sum, _ = sum.Arith('+', d)
		}
	}
	return sum
}
