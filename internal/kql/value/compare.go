package value

import (
	"cmp"
	"math"
	"strings"
)

// Compare orders two scalar values of the same or of comparable types: -1, 0
// or 1. ok is false where they cannot be compared: null, NaN, other types.
func Compare(a, b any) (c int, ok bool) {
	switch x := a.(type) {
	case bool:
		if y, ok := b.(bool); ok {
			return cmp.Compare(bit(x), bit(y)), true
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), true
		}
	case Guid:
		if y, ok := b.(Guid); ok {
			return strings.Compare(string(x), string(y)), true
		}
	case Datetime:
		if y, ok := b.(Datetime); ok {
			return cmp.Compare(x, y), true
		}
	case Timespan:
		if y, ok := b.(Timespan); ok {
			return cmp.Compare(x, y), true
		}
	case int64, float64, Decimal:
		return compareNumbers(a, b)
	}
	return 0, false
}

func compareNumbers(a, b any) (int, bool) {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y), true
		}
	}
	_, dx := a.(Decimal)
	_, dy := b.(Decimal)
	if dx || dy {
		x, okx := ToDecimal(a)
		y, oky := ToDecimal(b)
		if okx && oky {
			return x.Cmp(y), true
		}
		return 0, false
	}
	x, okx := ToReal(a)
	y, oky := ToReal(b)
	if !okx || !oky || math.IsNaN(x) || math.IsNaN(y) {
		return 0, false
	}
	return cmp.Compare(x, y), true
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ToReal returns a number as a real.
func ToReal(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case Decimal:
		return v.Float(), true
	}
	return 0, false
}

// ToDecimal returns a number as a decimal.
func ToDecimal(v any) (Decimal, bool) {
	switch v := v.(type) {
	case int64:
		return NewDecimal(v), true
	case float64:
		return DecimalFromFloat(v)
	case Decimal:
		return v, true
	}
	return Decimal{}, false
}
