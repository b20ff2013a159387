package plainly

import (
	"cmp"
	"math"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	define(map[string]function{
		"==": loose(func(c call) any { return equal(c) }),
		"!=": loose(func(c call) any { return !equal(c) }),
		"<":  strict(ordered(func(c int) bool { return c < 0 })),
		"<=": strict(ordered(func(c int) bool { return c <= 0 })),
		">":  strict(ordered(func(c int) bool { return c > 0 })),
		">=": strict(ordered(func(c int) bool { return c >= 0 })),
		"in": loose(isOneOf),
		"and": loose(func(c call) any {
			switch {
			case c.args[0] == false || c.args[1] == false:
				return false
			case c.args[0] == nil || c.args[1] == nil:
				return nil
			}
			return true
		}),
		"or": loose(func(c call) any {
			switch {
			case c.args[0] == true || c.args[1] == true:
				return true
			case c.args[0] == nil || c.args[1] == nil:
				return nil
			}
			return false
		}),
		"not": strict(func(c call) any { return c.args[0] == false }),
	})
}

// compare orders two scalar values. ok is false where they have no order: null,
// NaN, dynamic values, values of different kinds.
func compare(a, b any) (order int, ok bool) {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return strings.Compare(x, y), ok
	case value.Guid:
		y, ok := b.(value.Guid)
		return strings.Compare(string(x), string(y)), ok
	case bool:
		y, ok := b.(bool)
		return truth(x) - truth(y), ok
	case value.Datetime:
		y, ok := b.(value.Datetime)
		return cmp.Compare(x, y), ok
	case value.Timespan:
		y, ok := b.(value.Timespan)
		return cmp.Compare(x, y), ok
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y), true
		}
	case value.Decimal:
		if y, ok := b.(value.Decimal); ok {
			return x.Rat().Cmp(y.Rat()), true
		}
	}
	x, okx := number(a)
	y, oky := number(b)
	return cmp.Compare(x, y), okx && oky && !math.IsNaN(x) && !math.IsNaN(y)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// number is a number of any type as a real.
func number(v any) (f float64, ok bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case value.Decimal:
		return v.Float(), true
	}
	return 0, false
}

// same tells whether two values are equal: numbers by value, arrays and bags by
// what they hold. Nothing is equal to null outside arrays and bags.
func same(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case value.Array:
		y, ok := b.(value.Array)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case *value.Bag:
		y, ok := b.(*value.Bag)
		return ok && sameBags(x, y)
	}
	order, ok := compare(a, b)
	return ok && order == 0
}

func sameBags(x, y *value.Bag) bool {
	for _, k := range x.Keys {
		a, _ := x.Get(k)
		if b, ok := y.Get(k); !ok || !same(a, b) {
			return false
		}
	}
	return x.Len() == y.Len()
}

// equal is ==: false for null. A string in a dynamic value is read as the type
// of the other side.
func equal(c call) bool {
	a, b := c.args[0], c.args[1]
	if a == nil || b == nil {
		return false
	}
	if s, ok := a.(string); ok && c.types[0] == value.DynamicType && c.types[1] != value.StringType && c.types[1] != value.DynamicType {
		a = convert(s, c.types[1])
	}
	return same(a, b)
}

func ordered(holds func(int) bool) func(call) any {
	return func(c call) any {
		order, ok := compare(c.args[0], c.args[1])
		return ok && holds(order)
	}
}

// isOneOf is in: the elements of arrays count as values.
func isOneOf(c call) any {
	for _, v := range unrolled(c.args[1:]) {
		if c.args[0] != nil && same(c.args[0], v) {
			return true
		}
	}
	return false
}

// unrolled puts the elements of arrays in the place of the arrays.
func unrolled(values []any) []any {
	var out []any
	for _, v := range values {
		if list, ok := v.(value.Array); ok {
			out = append(out, list...)
		} else {
			out = append(out, v)
		}
	}
	return out
}
