package funcs

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// maxRange is the most values that range makes.
const maxRange = 1048576

func find(a value.Array, v any) int {
	return slices.IndexFunc(a, func(e any) bool { return value.Equal(e, v) })
}

// distinct keeps the first of equal values.
func distinct(a value.Array) value.Array {
	seen := map[string]bool{}
	out := value.Array{}
	for _, e := range a {
		if k := value.JSON(e); !seen[k] {
			seen[k] = true
			out = append(out, e)
		}
	}
	return out
}

func evalSetUnion(c *Call) any {
	var all value.Array
	for i := range c.Args {
		all = append(all, c.Array(i)...)
	}
	return distinct(all)
}

func evalSetIntersect(c *Call) any {
	return filterSet(c, func(found int) bool { return found == len(c.Args)-1 })
}

func evalSetDifference(c *Call) any {
	return filterSet(c, func(found int) bool { return found == 0 })
}

// filterSet keeps the values of the first array by how many others have them.
func filterSet(c *Call, keep func(found int) bool) any {
	if c.Array(0) == nil {
		return nil
	}
	out := value.Array{}
	for _, e := range distinct(c.Array(0)) {
		n := 0
		for i := 1; i < len(c.Args); i++ {
			if find(c.Array(i), e) >= 0 {
				n++
			}
		}
		if keep(n) {
			out = append(out, e)
		}
	}
	return out
}

func evalSetEquals(c *Call) any {
	a, b := distinct(c.Array(0)), distinct(c.Array(1))
	if len(a) != len(b) {
		return false
	}
	for _, e := range a {
		if find(b, e) < 0 {
			return false
		}
	}
	return true
}

func evalJaccard(c *Call) any {
	a, b := distinct(c.Array(0)), distinct(c.Array(1))
	both := 0
	for _, e := range a {
		if find(b, e) >= 0 {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

func evalStrcatArray(c *Call) any {
	a, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	size := 0
	parts := make([]string, len(a))
	for i, e := range a {
		parts[i] = (&Call{Args: []any{e}, Types: []value.Type{value.DynamicType}}).Text(0)
		if size += len(parts[i]); size > Room {
			return ErrMemory
		}
	}
	return join(parts, c.Str(1))
}

// evalRange makes start, start+step ... up to stop.
func evalRange(c *Call) any {
	start, stop := c.Args[0], c.Args[1]
	step := defaultStep(start)
	if len(c.Args) > 2 {
		step = c.Args[2]
	}
	up := Arith('+', start, step, c.Types[0])
	direction, ok := value.Compare(up, start)
	if !ok || direction == 0 {
		return nil
	}
	out := value.Array{}
	for v := start; v != nil && len(out) < maxRange; v = Arith('+', v, step, c.Types[0]) {
		if n, ok := value.Compare(v, stop); !ok || n == direction {
			break
		}
		out = append(out, v)
	}
	return out
}

// defaultStep is 1, or an hour for times.
func defaultStep(start any) any {
	switch start.(type) {
	case value.Datetime, value.Timespan:
		return value.Hour
	}
	return int64(1)
}

func evalRepeatArray(c *Call) any {
	n := c.Int(1, -1)
	if n < 0 {
		return nil
	}
	out := value.Array{}
	for range min(n, maxRange) {
		out = append(out, c.Args[0])
	}
	return out
}

// sortKeys returns the value with the keys of bags in order.
func sortKeys(v any) any {
	switch v := v.(type) {
	case value.Array:
		out := make(value.Array, len(v))
		for i, e := range v {
			out[i] = sortKeys(e)
		}
		return out
	case *value.Bag:
		keys := slices.Clone(v.Keys)
		slices.Sort(keys)
		out := value.NewBag()
		for _, k := range keys {
			e, _ := v.Get(k)
			out.Set(k, sortKeys(e))
		}
		return out
	}
	return v
}
