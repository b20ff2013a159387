package funcs

import (
	"fmt"
	"math"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "rounding", []*Func{
		{Name: "bin", Sig: "value:summable size:summable", Naming: FirstArg, Doc: "Rounds down to a multiple of the size.", Resolve: resolveBin, Eval: evalBin},
		{Name: "floor", Sig: "value:summable size:summable", Naming: FirstArg, Doc: "Is bin.", Resolve: resolveBin, Eval: evalBin},
		{Name: "bin_at", Sig: "value:summable size:summable at:summable", Naming: FirstArg, Doc: "Rounds down to a multiple of the size, counted from a fixed point.", Resolve: resolveBinAt, Eval: evalBinAt},
		{Name: "bin_auto", Sig: "value:summable", Naming: FirstArg, Doc: "Rounds down to a multiple of the option query_bin_auto_size, counted from the option query_bin_auto_at.", Eval: func(*Call) any { return nil }},
	})
}

func resolveBin(args []value.Type) ([]value.Type, value.Type, error) {
	v, size := args[0], args[1]
	switch {
	case v == value.Unknown || size == value.Unknown:
		return args, v, nil
	case v.IsNumber() && size.IsNumber():
		w := value.Wider(v, size)
		if w == value.IntType {
			w = value.LongType
		}
		return []value.Type{w, w}, w, nil
	case v == value.TimespanType && size == value.TimespanType,
		v == value.DatetimeType && (size == value.TimespanType || size == value.DatetimeType):
		return args, v, nil
	}
	return nil, value.Unknown, fmt.Errorf("%s cannot be rounded to multiples of %s", v, size)
}

func resolveBinAt(args []value.Type) ([]value.Type, value.Type, error) {
	v, size, at := args[0], args[1], args[2]
	switch {
	case v == value.Unknown || size == value.Unknown || at == value.Unknown:
		return args, v, nil
	case v.IsNumber() && size.IsNumber() && at.IsNumber():
		w := value.Wider(value.Wider(v, size), value.Wider(at, value.LongType))
		return []value.Type{w, w, w}, w, nil
	case v == at && size == value.TimespanType && (v == value.DatetimeType || v == value.TimespanType):
		return args, v, nil
	}
	return nil, value.Unknown, fmt.Errorf("%s cannot be rounded to multiples of %s at %s", v, size, at)
}

func evalBin(c *Call) any { return binAt(c.Args[0], c.Args[1], nil) }

func evalBinAt(c *Call) any { return binAt(c.Args[0], c.Args[1], c.Args[2]) }

// binAt rounds v down to at plus a multiple of size; nil is at zero.
func binAt(v, size, at any) any {
	if x, ok := v.(float64); ok {
		s, _ := value.ToReal(size)
		o, _ := value.ToReal(at)
		if s <= 0 {
			return nil
		}
		return math.Floor((x-o)/s)*s + o
	}
	if x, ok := v.(value.Decimal); ok {
		return binDecimal(x, size, at)
	}
	x, s, o := whole(v), whole(size), whole(at)
	if s <= 0 {
		return nil
	}
	r := x - modulo(x-o, s)
	switch v.(type) {
	case value.Datetime:
		return value.Convert(r, value.DatetimeType)
	case value.Timespan:
		return value.Timespan(r)
	}
	return r
}

func binDecimal(x value.Decimal, size, at any) any {
	s, _ := value.ToDecimal(size)
	o := value.NewDecimal(0)
	if at != nil {
		o, _ = value.ToDecimal(at)
	}
	if s.Rat().Sign() <= 0 {
		return nil
	}
	d, _ := x.Arith('-', o)
	m, _ := d.Arith('%', s)
	if m.Rat().Sign() < 0 {
		m, _ = m.Arith('+', s)
	}
	out, _ := x.Arith('-', m)
	return out
}

func whole(v any) int64 {
	if t, ok := ticks(v); ok {
		return t
	}
	n, _ := v.(int64)
	return n
}
