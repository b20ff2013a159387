package plainly

import (
	"math"
	"math/big"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	define(map[string]function{
		"+":      strict(func(c call) any { return plus(c.args[0], c.args[1]) }),
		"-":      strict(func(c call) any { return less(c.args[0], c.args[1]) }),
		"*":      strict(func(c call) any { return times(c.args[0], c.args[1]) }),
		"/":      strict(func(c call) any { return over(c.args[0], c.args[1]) }),
		"%":      strict(func(c call) any { return remainder(c.args[0], c.args[1]) }),
		"negate": strict(func(c call) any { return minus(c.args[0]) }),
		"bin":    strict(func(c call) any { return bin(c.args[0], c.args[1], nil) }),
		"floor":  strict(func(c call) any { return bin(c.args[0], c.args[1], nil) }),
		"bin_at": strict(func(c call) any { return bin(c.args[0], c.args[1], c.args[2]) }),
		"abs": strict(func(c call) any {
			if order, ok := compare(minus(c.args[0]), c.args[0]); ok && order > 0 {
				return minus(c.args[0])
			}
			return c.args[0]
		}),
	})
}

// bits is a moment, a timespan or a whole number as an integer.
func bits(v any) (n int64, ok bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case value.Datetime:
		return int64(v), true
	case value.Timespan:
		return int64(v), true
	}
	return 0, false
}

// like gives an integer the kind that v has.
func like(v any, n int64) any {
	switch v.(type) {
	case value.Datetime:
		if d := value.Datetime(n); d.Valid() {
			return d
		}
		return nil
	case value.Timespan:
		return value.Timespan(n)
	}
	return n
}

// plus adds. A moment and a timespan make a moment, two moments that are
// subtracted a timespan.
func plus(a, b any) any {
	switch x := a.(type) {
	case float64:
		return x + b.(float64)
	case value.Decimal:
		d, _ := x.Arith('+', b.(value.Decimal))
		return d
	}
	x, _ := bits(a)
	y, _ := bits(b)
	if _, moment := b.(value.Datetime); moment {
		return like(b, x+y)
	}
	return like(a, x+y)
}

// less subtracts; two moments give the timespan between them. A moment that is
// taken from a timespan gives the moment of the ticks that are left.
func less(a, b any) any {
	x, momentA := a.(value.Datetime)
	y, momentB := b.(value.Datetime)
	switch {
	case momentA && momentB:
		return value.Timespan(x - y)
	case momentB:
		n, _ := bits(a)
		return like(y, n-int64(y))
	}
	return plus(a, minus(b))
}

func minus(v any) any {
	switch v := v.(type) {
	case float64:
		return -v
	case value.Decimal:
		d, _ := value.NewDecimal(0).Arith('-', v)
		return d
	}
	n, ok := bits(v)
	if !ok {
		return nil
	}
	return like(v, -n)
}

// times multiplies; a timespan and a number make a timespan, cut to ticks.
func times(a, b any) any {
	if _, turned := b.(value.Timespan); turned {
		a, b = b, a
	}
	if x, ok := a.(value.Timespan); ok {
		if f, ok := b.(float64); ok {
			return cut(float64(x) * f)
		}
	}
	switch x := a.(type) {
	case float64:
		return x * b.(float64)
	case value.Decimal:
		d, _ := x.Arith('*', b.(value.Decimal))
		return d
	}
	x, _ := bits(a)
	y, _ := bits(b)
	return like(a, x*y)
}

// cut makes a timespan of ticks, null where they do not fit.
func cut(ticks float64) any {
	if math.IsNaN(ticks) || math.Abs(ticks) >= 1<<63 {
		return nil
	}
	return value.Timespan(ticks)
}

// over divides. Whole numbers give the whole part, and null by zero; two
// timespans give a real.
func over(a, b any) any {
	x, xs := a.(value.Timespan)
	y, ys := b.(value.Timespan)
	if xs && ys {
		return float64(x) / float64(y)
	}
	if f, ok := b.(float64); ok && xs {
		return cut(float64(x) / f)
	}
	switch x := a.(type) {
	case float64:
		return x / b.(float64)
	case value.Decimal:
		if d, ok := x.Arith('/', b.(value.Decimal)); ok {
			return d
		}
		return nil
	}
	n, _ := bits(a)
	m, _ := bits(b)
	if m == 0 {
		return nil
	}
	return like(a, n/m) // Go wraps the one quotient that does not fit, as Kusto does
}

// remainder is what is left when multiples are taken away; it is never
// negative.
func remainder(a, b any) any {
	if x, ok := a.(float64); ok {
		y := math.Abs(b.(float64))
		m := math.Mod(x, y)
		if m < 0 {
			m += y
		}
		return m
	}
	if x, ok := a.(value.Decimal); ok {
		d, ok := x.Arith('%', b.(value.Decimal))
		if !ok {
			return nil
		}
		return d
	}
	x, _ := bits(a)
	y, _ := bits(b)
	if y == 0 {
		return nil
	}
	m := new(big.Int).Mod(big.NewInt(x), big.NewInt(y)).Int64() // Euclid's, never negative
	if _, ok := a.(int64); ok {
		return m
	}
	return value.Timespan(m)
}

// bin is the greatest at plus a multiple of size that is not above v; null for
// a size that is not positive.
func bin(v, size, at any) any {
	if x, ok := v.(float64); ok {
		s, start := size.(float64), 0.0
		if at != nil {
			start = at.(float64)
		}
		if s <= 0 {
			return nil
		}
		return math.Floor((x-start)/s)*s + start
	}
	x, ok := bits(v)
	s, _ := bits(size)
	start, _ := bits(at)
	if !ok {
		unsupported("bin of %T", v)
	}
	if s <= 0 {
		return nil
	}
	below := new(big.Int).Mod(big.NewInt(x-start), big.NewInt(s)).Int64()
	return like(v, x-below)
}
