package plainly

import (
	"math"
	mathbits "math/bits"
	"strconv"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	for name, f := range map[string]func(float64) float64{
		"sqrt": math.Sqrt, "exp": math.Exp,
		"sin": math.Sin, "cos": math.Cos,
	} {
		define(map[string]function{name: strict(func(c call) any { return f(c.real(0)) })})
	}
	for name, f := range map[string]func(float64) float64{"log": math.Log, "log2": math.Log2, "log10": math.Log10} {
		define(map[string]function{name: strict(func(c call) any {
			if c.real(0) < 0 {
				return nil
			}
			return f(c.real(0))
		})})
	}
	define(map[string]function{
		"ceiling": strict(func(c call) any {
			if f, ok := c.args[0].(float64); ok {
				return math.Ceil(f)
			}
			return c.args[0]
		}),
		"round": strict(round),
		"sign": strict(func(c call) any {
			switch f := c.real(0); {
			case f > 0:
				return 1.0
			case f < 0:
				return -1.0
			default:
				return f
			}
		}),
		"pow":                strict(func(c call) any { return math.Pow(c.real(0), c.real(1)) }),
		"binary_and":         strict(func(c call) any { return c.whole(0, 0) & c.whole(1, 0) }),
		"binary_or":          strict(func(c call) any { return c.whole(0, 0) | c.whole(1, 0) }),
		"binary_xor":         strict(func(c call) any { return c.whole(0, 0) ^ c.whole(1, 0) }),
		"binary_not":         strict(func(c call) any { return -c.whole(0, 0) - 1 }),
		"binary_shift_left":  strict(func(c call) any { return c.whole(0, 0) << (c.whole(1, 0) & 63) }),
		"binary_shift_right": strict(func(c call) any { return c.whole(0, 0) >> (c.whole(1, 0) & 63) }),
		"bitset_count_ones":  strict(func(c call) any { return int64(mathbits.OnesCount64(uint64(c.whole(0, 0)))) }),
		"tohex": strict(func(c call) any {
			s := strconv.FormatUint(uint64(c.whole(0, 0)), 16)
			if c.types[0] == value.IntType && len(s) > 8 {
				s = s[len(s)-8:]
			}
			for int64(len(s)) < c.whole(1, 0) {
				s = "0" + s
			}
			return s
		}),
	})
}

// round rounds reals to places, halves away from zero.
func round(c call) any {
	f, ok := c.args[0].(float64)
	places := int(c.whole(1, 0))
	if !ok && places >= 0 {
		return c.args[0]
	}
	if !ok || places < 0 || places > 9 {
		unsupported("round of %T to %d places", c.args[0], places)
	}
	if math.IsNaN(f) || math.Abs(f) > 1e6 {
		return value.Convert(f, value.RealType) // such numbers have no places left, or none to take
	}
	p := math.Pow10(places)
	return math.Round(f*p) / p
}
