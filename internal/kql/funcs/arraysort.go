package funcs

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	sorted := func(name, doc string, direction int) *Func {
		return &Func{Name: name, Sig: "array:array more_arrays_and_nulls_last:any?*", Resolve: resolveArraySort, Returns: value.DynamicType,
			Doc: doc, PerArgument: "_sorted", Loose: true, Eval: func(c *Call) any { return evalArraySort(c, direction) }}
	}
	register(Scalar, "dynamic values", []*Func{
		sorted("array_sort_asc", "Sorts an array, the least element first, and puts further arrays of the same length into the same order; nulls come last unless the last argument is false.", 1),
		sorted("array_sort_desc", "Sorts an array, the greatest element first, and puts further arrays of the same length into the same order; nulls come last unless the last argument is false.", -1),
	})
}

// resolveArraySort takes arrays and behind them at most one bool.
func resolveArraySort(args []value.Type) ([]value.Type, value.Type, error) {
	for i, t := range args {
		if i > 0 && i == len(args)-1 && t == value.BoolType {
			continue
		}
		if _, err := (Param{Name: "array", Kind: "array"}).Accept(t); err != nil {
			return args, value.DynamicType, err
		}
	}
	return args, value.DynamicType, nil
}

// evalArraySort gives the sorted array, or, of several, an array of them. Those
// that are not as long as the first are null.
func evalArraySort(c *Call, direction int) any {
	arrays, nullsLast := c.Args, true
	if i := len(c.Args) - 1; c.Types[i] == value.BoolType {
		arrays, nullsLast = c.Args[:i], c.Args[i] != false
	}
	out := make(value.Array, len(arrays))
	if first, ok := arrays[0].(value.Array); ok {
		order := sortedPlaces(first, direction, nullsLast)
		for i := range arrays {
			if list, ok := arrays[i].(value.Array); ok && len(list) == len(first) {
				out[i] = pick(list, order)
			}
		}
	}
	if len(arrays) == 1 {
		return out[0]
	}
	return out
}

func pick(list value.Array, places []int) value.Array {
	out := make(value.Array, len(places))
	for i, p := range places {
		out[i] = list[p]
	}
	return out
}

// sortedPlaces gives the places of the elements in their order. Elements of
// different kinds are kept apart, in the same order of kinds both ways.
func sortedPlaces(list value.Array, direction int, nullsLast bool) []int {
	places := make([]int, len(list))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(i, j int) int {
		a, b := list[i], list[j]
		if a == nil || b == nil {
			order := cmp.Compare(sortKind(a), sortKind(b))
			if !nullsLast {
				return -order
			}
			return order
		}
		if order := cmp.Compare(sortKind(a), sortKind(b)); order != 0 {
			return order
		}
		order, _ := value.Compare(a, b)
		return order * direction
	})
	return places
}

// sortKind ranks kinds: numbers and times, strings, guids, all others, null.
func sortKind(v any) int {
	switch v.(type) {
	case int64, float64, value.Decimal, value.Datetime, value.Timespan:
		return 0
	case string:
		return 1
	case value.Guid:
		return 2
	case nil:
		return 4
	}
	return 3
}

// evalTreePath lists the paths to all that a value holds. All elements of an
// array share the path [0].
func evalTreePath(c *Call) any {
	out, seen := value.Array{}, map[string]bool{}
	var walk func(v any, path string)
	visit := func(v any, path string) {
		if !seen[path] {
			seen[path] = true
			out = append(out, path)
		}
		walk(v, path)
	}
	walk = func(v any, path string) {
		switch v := v.(type) {
		case *value.Bag:
			for _, k := range v.Keys {
				e, _ := v.Get(k)
				visit(e, path+"['"+strings.ReplaceAll(k, "'", `\'`)+"']")
			}
		case value.Array:
			for _, e := range v {
				visit(e, path+"[0]")
			}
		}
	}
	walk(c.Args[0], "")
	return out
}
