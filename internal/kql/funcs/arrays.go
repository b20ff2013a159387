package funcs

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// An array function of anything but an array gives null.
func init() {
	shift := func(name, doc string, direction int64, round bool) *Func {
		sig := "array:array shift_count:integer default_value:any?"
		if round {
			sig = "array:array rotate_count:integer"
		}
		return &Func{Name: name, Sig: sig, Returns: value.DynamicType, Doc: doc, Loose: true,
			Eval: func(c *Call) any { return evalShift(c, direction, round) }}
	}
	iff := func(name string) *Func {
		return &Func{Name: name, Sig: "condition_array:array when_true:any when_false:any", Returns: value.DynamicType, Loose: true,
			Doc:  "Takes each element from the second argument where the condition's element holds, or else from the third; what is no array counts for each element.",
			Eval: evalArrayIff}
	}
	register(Scalar, "dynamic values", []*Func{
		iff("array_iff"), iff("array_iif"),
		shift("array_rotate_left", "Turns an array round to the left; a negative count turns to the right.", 1, true),
		shift("array_rotate_right", "Turns an array round to the right; a negative count turns to the left.", -1, true),
		shift("array_shift_left", "Shifts an array to the left and fills up from the right; a negative count shifts to the right.", 1, false),
		shift("array_shift_right", "Shifts an array to the right and fills up from the left; a negative count shifts to the left.", -1, false),
		{Name: "array_split", Sig: "array:array indices:any", Returns: value.DynamicType, Resolve: resolveSplit,
			Doc: "Cuts an array before each of some places; negative ones count from its end.", Eval: evalArraySplit},
		{Name: "zip", Sig: "array:array other:array more:array?*", Returns: value.DynamicType, Loose: true,
			Doc: "Makes an array of arrays, each of the elements at one place.", Eval: evalZip},
	})
}

// resolveSplit takes one place or an array of places.
func resolveSplit(args []value.Type) ([]value.Type, value.Type, error) {
	if _, err := (Param{Name: "array", Kind: "array"}).Accept(args[0]); err != nil {
		return args, value.DynamicType, err
	}
	if args[1] == value.DynamicType {
		return args, value.DynamicType, nil
	}
	want, err := Param{Name: "indices", Kind: "integer"}.Accept(args[1])
	return []value.Type{args[0], want}, value.DynamicType, err
}

// truth reads a condition; ok is false for what is neither a bool nor a number.
func truth(v any) (holds, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case int64:
		return v != 0, true
	case float64:
		return v != 0, true
	}
	return false, false
}

func evalArrayIff(c *Call) any {
	conditions, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	out := make(value.Array, len(conditions))
	for i, e := range conditions {
		holds, ok := truth(e)
		switch {
		case ok && holds:
			out[i] = elementOf(c.Args[1], i)
		case ok:
			out[i] = elementOf(c.Args[2], i)
		}
	}
	return out
}

// elementOf is element i of an array, null behind its end, or the value itself.
func elementOf(v any, i int) any {
	list, ok := v.(value.Array)
	if !ok {
		return v
	}
	if i < len(list) {
		return list[i]
	}
	return nil
}

// evalShift moves elements to the left, or the right for direction -1. Those
// that fall out come in again at the other end, or the default does.
func evalShift(c *Call, direction int64, round bool) any {
	in, ok := c.Args[0].(value.Array)
	if !ok || c.Args[1] == nil {
		return nil
	}
	n := int64(len(in))
	by := c.Int(1, 0)
	if round {
		by %= max(n, 1)
	}
	by = max(min(by, n), -n) * direction
	out := make(value.Array, n)
	for i := range out {
		from := int64(i) + by
		switch {
		case from >= 0 && from < n:
			out[i] = in[from]
		case round:
			out[i] = in[(from+n)%n]
		case len(c.Args) > 2:
			out[i] = c.Args[2]
		default:
			out[i] = filler(in)
		}
	}
	return out
}

// filler is what stands for a missing element: an empty string among strings.
func filler(list value.Array) any {
	for _, e := range list {
		if _, ok := e.(string); !ok {
			return nil
		}
	}
	return ""
}

// evalArraySplit cuts at places within the array; one that lies before the
// place before it leaves an empty part.
func evalArraySplit(c *Call) any {
	in, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	places, many := c.Args[1].(value.Array)
	if !many {
		places = value.Array{c.Args[1]}
	}
	out, at := value.Array{}, 0
	for _, p := range places {
		place, ok := p.(int64)
		if !ok {
			return nil
		}
		if place < 0 {
			place += int64(len(in))
		}
		to := int(max(min(place, int64(len(in))), int64(at)))
		out = append(out, slices.Clone(in[at:to]))
		at = to
	}
	return append(out, slices.Clone(in[at:]))
}

func evalZip(c *Call) any {
	n := 0
	for i := range c.Args {
		if _, ok := c.Args[i].(value.Array); !ok {
			return nil
		}
		n = max(n, len(c.Array(i)))
	}
	if !fits(n, element*len(c.Args)) {
		return ErrMemory
	}
	out := make(value.Array, n)
	for i := range out {
		row := make(value.Array, len(c.Args))
		for j := range c.Args {
			row[j] = elementOf(c.Args[j], i)
		}
		out[i] = row
	}
	return out
}
