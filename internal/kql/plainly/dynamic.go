package plainly

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	define(map[string]function{
		"member":       loose(func(c call) any { return pick(c.args[0], c.args[1]) }),
		"element":      loose(func(c call) any { return pick(c.args[0], c.args[1]) }),
		"array_length": strict(onArray(func(a value.Array, _ call) any { return int64(len(a)) })),
		"array_reverse": strict(onArray(func(a value.Array, _ call) any {
			out := slices.Clone(a)
			slices.Reverse(out)
			return out
		})),
		"array_slice": strict(onArray(slice)),
		"array_index_of": strict(onArray(func(a value.Array, c call) any {
			return int64(slices.IndexFunc(a, func(e any) bool { return same(e, c.args[1]) }))
		})),
		"array_concat":    loose(func(c call) any { return append(value.Array{}, joined(c.args)...) }),
		"set_union":       strict(func(c call) any { return distinct(joined(c.args)) }),
		"set_has_element": strict(func(c call) any { return holds(joined(c.args[:1]), c.args[1]) }),
		"set_difference": strict(onArray(func(a value.Array, c call) any {
			return slices.DeleteFunc(distinct(a), func(e any) bool { return holds(joined(c.args[1:]), e) })
		})),
		"pack_array": loose(func(c call) any { return append(value.Array{}, c.args...) }),
		"bag_pack":   loose(pack),
		"bag_keys": strict(func(c call) any {
			b, ok := c.args[0].(*value.Bag)
			if !ok {
				return nil
			}
			out := value.Array{}
			for _, k := range b.Keys {
				out = append(out, k)
			}
			return out
		}),
		"strcat_array": strict(onArray(func(a value.Array, c call) any {
			var parts []string
			for _, e := range a {
				parts = append(parts, call{args: []any{e}, types: []value.Type{value.DynamicType}}.textOf(0))
			}
			return strings.Join(parts, c.textOf(1))
		})),
		"parse_pattern": strict(parsePattern),
	})
}

// pick is a member of a bag by its name, or an element of an array by its
// place; negative places count from the end.
func pick(v, key any) any {
	switch v := v.(type) {
	case *value.Bag:
		if k, ok := key.(string); ok {
			member, _ := v.Get(k)
			return member
		}
	case value.Array:
		i, ok := key.(int64)
		if i < 0 {
			i += int64(len(v))
		}
		if ok && i >= 0 && i < int64(len(v)) {
			return v[i]
		}
	}
	return nil
}

// onArray is null for what is no array.
func onArray(f func(value.Array, call) any) func(call) any {
	return func(c call) any {
		if a, ok := c.args[0].(value.Array); ok {
			return f(a, c)
		}
		return nil
	}
}

// slice keeps the elements from start to end, both included.
func slice(a value.Array, c call) any {
	n := int64(len(a))
	start, end := c.whole(1, 0), c.whole(2, 0)
	if start < 0 {
		start += n
	}
	if end < 0 {
		end += n
	}
	out := value.Array{}
	for i, e := range a {
		if int64(i) >= start && int64(i) <= end {
			out = append(out, e)
		}
	}
	return out
}

// joined are the elements of all arrays.
func joined(args []any) value.Array {
	var out value.Array
	for _, v := range args {
		if a, ok := v.(value.Array); ok {
			out = append(out, a...)
		}
	}
	return out
}

func holds(a value.Array, v any) bool {
	return slices.ContainsFunc(a, func(e any) bool { return same(e, v) })
}

// distinct keeps the first of equal values.
func distinct(a value.Array) value.Array {
	out := value.Array{}
	for _, v := range a {
		if !slices.ContainsFunc(out, func(e any) bool { return identity(e) == identity(v) }) {
			out = append(out, v)
		}
	}
	return out
}

func pack(c call) any {
	out := value.NewBag()
	for i := 0; i+1 < len(c.args); i += 2 {
		out.Set(c.textOf(i), c.args[i+1])
	}
	return out
}

// parsePattern gives the groups of the regular expression that the binder makes
// of the pattern of parse. Where the parse is strict, parts that are not of
// their columns' types are no match.
func parsePattern(c call) any {
	m := regexp.MustCompile(c.textOf(1)).FindStringSubmatch(c.textOf(0))
	if m == nil {
		return nil
	}
	out := value.Array{}
	for i, name := range strings.Fields(c.textOf(2)) {
		t, _ := value.ParseType(name)
		if c.args[3] == true && convert(m[i+1], t) == nil {
			return nil
		}
		out = append(out, m[i+1])
	}
	return out
}
