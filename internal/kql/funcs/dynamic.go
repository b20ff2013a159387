package funcs

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Operator, "dynamic access", []*Func{
		{Name: "member", Hidden: true, Sig: "x:dynamic name:string", Returns: value.DynamicType, Doc: "Gives the value under a key of a bag.", Loose: true, Eval: evalMember},
		{Name: "element", Hidden: true, Sig: "x:dynamic index:any", Returns: value.DynamicType, Doc: "Gives an element of an array, or the value under a key.", Loose: true, Eval: evalElement},
	})
	register(Scalar, "dynamic values", []*Func{
		{Name: "array_length", Sig: "array:array", Returns: value.LongType, Doc: "Counts the elements of an array.", Eval: func(c *Call) any {
			if a, ok := c.Args[0].(value.Array); ok {
				return int64(len(a))
			}
			return nil
		}},
		{Name: "array_concat", Sig: "array:array*", Returns: value.DynamicType, Loose: true, Doc: "Joins arrays.", Eval: evalArrayConcat},
		{Name: "pack_array", Sig: "value:any more:any?*", Returns: value.DynamicType, Loose: true, Doc: "Makes an array of its arguments.", Eval: func(c *Call) any { return append(value.Array{}, c.Args...) }},
		{Name: "bag_pack", Sig: "key:string value:any keys_and_values:any?*", Returns: value.DynamicType, Loose: true, Doc: "Makes a bag of keys and values.", Eval: evalPack},
		{Name: "bag_pack_nonempty", Hidden: true, Sig: "keys_and_values:any*", Returns: value.DynamicType, Loose: true, Doc: "Is bag_pack without empty values.", Eval: evalPackNonempty},
		{Name: "pack", Hidden: true, Sig: "key:string value:any keys_and_values:any?*", Returns: value.DynamicType, Loose: true, Doc: "Is bag_pack.", Eval: evalPack},
		{Name: "pack_dictionary", Hidden: true, Sig: "key:string value:any keys_and_values:any?*", Returns: value.DynamicType, Loose: true, Doc: "Is bag_pack.", Eval: evalPack},
		{Name: "bag_keys", Sig: "bag:bag", Returns: value.DynamicType, Doc: "Gives the keys of a bag.", Eval: func(c *Call) any {
			b := c.Bag(0)
			if b == nil {
				return nil
			}
			out := value.Array{}
			for _, k := range b.Keys {
				out = append(out, k)
			}
			return out
		}},
		{Name: "bag_merge", Sig: "bag:bag other:bag*", Returns: value.DynamicType, Loose: true, Doc: "Joins bags; the first one that has a key gives its value.", Eval: evalBagMerge},
		{Name: "bag_has_key", Sig: "bag:bag key:string", Returns: value.BoolType, Doc: "Tells whether a bag has a key.", Eval: evalBagHasKey},
		{Name: "bag_set_key", Sig: "bag:bag key:string value:any", Returns: value.DynamicType, Loose: true, Doc: "Sets a key of a bag, or of a bag within it by a path such as $.a.b.", Eval: evalBagSetKey},
		{Name: "bag_remove_keys", Sig: "bag:bag keys:array", Returns: value.DynamicType, Doc: "Takes keys out of a bag, or out of bags within it by paths such as $.a.b.", Eval: evalBagRemoveKeys},
		{Name: "bag_zip", Sig: "keys:array values:array", Returns: value.DynamicType, Loose: true, Doc: "Makes a bag of an array of keys and one of values.", Eval: evalBagZip},
		{Name: "treepath", Sig: "object:bag", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "tree", Doc: "Lists the paths to all that a dynamic value holds.", Eval: evalTreePath},
		{Name: "array_slice", Sig: "array:array start:integer end:integer", Returns: value.DynamicType, Doc: "Gives a part of an array; negative numbers count from its end.", Eval: evalArraySlice},
		{Name: "array_reverse", Sig: "array:array", Returns: value.DynamicType, Doc: "Turns an array round.", Eval: func(c *Call) any {
			a := slices.Clone(c.Array(0))
			slices.Reverse(a)
			return orNull(a)
		}},
		{Name: "array_index_of", Sig: "array:array value:any start:integer? length:integer? occurrence:integer?", Returns: value.LongType, Doc: "Gives the place of a value in an array, -1 where it is not.", Eval: evalArrayIndexOf},
		{Name: "array_sum", Sig: "array:array", Returns: value.RealType, Doc: "Adds the numbers of an array.", Eval: evalArraySum},
		{Name: "strcat_array", Sig: "array:array delimiter:text", Returns: value.StringType, Doc: "Joins the elements of an array with a delimiter between.", Eval: evalStrcatArray},
		{Name: "array_strcat", Hidden: true, Sig: "array:array delimiter:text", Returns: value.StringType, Doc: "Is strcat_array.", Eval: evalStrcatArray},
		{Name: "range", Sig: "start:summable stop:summable step:summable?", Returns: value.DynamicType, Doc: "Makes an array of equally spaced values, at most 1,048,576.", Eval: evalRange},
		{Name: "repeat", Sig: "value:plain times:integer", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "repeat", Loose: true, Doc: "Makes an array that holds a value several times.", Eval: evalRepeatArray},
		{Name: "set_has_element", Sig: "set:array value:any", Returns: value.BoolType, Doc: "Tells whether an array has a value.", Eval: func(c *Call) any { return c.Array(0) != nil && find(c.Array(0), c.Args[1]) >= 0 }},
		{Name: "set_union", Sig: "set:array other:array*", Returns: value.DynamicType, Doc: "Gives the values that one of the arrays has.", Eval: evalSetUnion},
		{Name: "set_intersect", Sig: "set:array other:array*", Returns: value.DynamicType, Doc: "Gives the values that all arrays have.", Eval: evalSetIntersect},
		{Name: "set_difference", Sig: "set:array other:array*", Returns: value.DynamicType, Doc: "Gives the values of the first array that no other has.", Eval: evalSetDifference},
		{Name: "set_equals", Sig: "a:array b:array", Returns: value.BoolType, Doc: "Tells whether two arrays have the same values.", Eval: evalSetEquals},
		{Name: "jaccard_index", Sig: "set1:array set2:array", Returns: value.RealType, Doc: "Gives the share of the values of two arrays that both have.", Eval: evalJaccard},
		{Name: "array_distinct", Hidden: true, Sig: "array:array", Returns: value.DynamicType, Doc: "Takes repeated values out of an array.", Eval: func(c *Call) any { return distinct(c.Array(0)) }},
	})
}

func orNull(a value.Array) any {
	if a == nil {
		return nil
	}
	return a
}

func evalMember(c *Call) any {
	if b := c.Bag(0); b != nil {
		v, _ := b.Get(c.Str(1))
		return v
	}
	return nil
}

func evalElement(c *Call) any {
	switch i := c.Args[1].(type) {
	case string:
		return evalMember(c)
	case int64:
		a := c.Array(0)
		if i < 0 {
			i += int64(len(a))
		}
		if i >= 0 && i < int64(len(a)) {
			return a[i]
		}
	}
	return nil
}

func evalArrayConcat(c *Call) any {
	out := value.Array{}
	for i := range c.Args {
		out = append(out, c.Array(i)...)
	}
	return out
}

func evalPack(c *Call) any {
	out := value.NewBag()
	for i := 0; i+1 < len(c.Args); i += 2 {
		out.Set(c.Text(i), c.Args[i+1])
	}
	return out
}

func evalPackNonempty(c *Call) any {
	out := value.NewBag()
	for i := 0; i+1 < len(c.Args); i += 2 {
		if !isEmpty(c.Args[i+1]) {
			out.Set(c.Text(i), c.Args[i+1])
		}
	}
	return out
}

func evalBagMerge(c *Call) any {
	out := value.NewBag()
	for i := range c.Args {
		b := c.Bag(i)
		if b == nil {
			continue
		}
		for _, k := range b.Keys {
			if _, ok := out.Get(k); !ok {
				v, _ := b.Get(k)
				out.Set(k, v)
			}
		}
	}
	return out
}

func copyBag(b *value.Bag, keep func(string) bool) *value.Bag {
	out := value.NewBag()
	for _, k := range b.Keys {
		if keep(k) {
			v, _ := b.Get(k)
			out.Set(k, v)
		}
	}
	return out
}

func evalArraySlice(c *Call) any {
	a, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	n := int64(len(a))
	start, end := c.Int(1, 0), c.Int(2, 0)
	if start < 0 {
		start = max(0, n+start)
	}
	if end < 0 {
		end += n
	}
	end = min(end, n-1)
	if start > end {
		return value.Array{}
	}
	return slices.Clone(a[start : end+1])
}

func evalArrayIndexOf(c *Call) any {
	a, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	n := int64(len(a))
	start, left := c.Int(2, 0), c.Int(4, 1)
	if left < 0 || c.Int(3, -1) < -1 {
		return nil
	}
	if start < 0 {
		start = max(0, n+start)
	}
	end := n
	if length := c.Int(3, -1); length >= 0 {
		end = min(n, start+length)
	}
	for i := start; i < end; i++ {
		if value.Equal(a[i], c.Args[1]) {
			if left--; left == 0 {
				return i
			}
		}
	}
	return int64(-1)
}

func evalArraySum(c *Call) any {
	a, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	sum := 0.0
	for _, e := range a {
		f, ok := value.ToReal(e)
		if !ok {
			return nil
		}
		sum += f
	}
	return sum
}
