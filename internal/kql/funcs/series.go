package funcs

import (
	"math"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// A series is a dynamic array of numbers. Functions of one or two series go
// element by element; what is not a number gives null in its place.
func init() {
	var list []*Func
	for name, f := range map[string]func(float64) float64{
		"acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "cos": math.Cos, "sin": math.Sin, "tan": math.Tan,
		"exp": math.Exp, "log": math.Log, "ceiling": math.Ceil, "floor": math.Floor, "sign": sign, "abs": math.Abs,
	} {
		list = append(list, &Func{Name: "series_" + name, Sig: "series:array", Returns: value.DynamicType,
			Doc: "Computes " + name + " of each element.", Eval: func(c *Call) any { return mapSeries(c, f, name == "abs" || name == "sign") }})
	}
	for name, op := range map[string]byte{"add": '+', "subtract": '-', "multiply": '*', "divide": '/', "pow": '^'} {
		list = append(list, &Func{Name: "series_" + name, Sig: "series1:any series2:any", Resolve: seriesPair, Returns: value.DynamicType,
			Doc: "Computes " + name + " of two series element by element; a number counts for each element.",
			Eval: func(c *Call) any {
				return zipSeries(c, func(a, b any) any { return seriesArith(op, a, b) })
			}})
	}
	for name, holds := range map[string]func(int) bool{
		"equals": func(n int) bool { return n == 0 }, "not_equals": func(n int) bool { return n != 0 },
		"less": func(n int) bool { return n < 0 }, "less_equals": func(n int) bool { return n <= 0 },
		"greater": func(n int) bool { return n > 0 }, "greater_equals": func(n int) bool { return n >= 0 },
	} {
		list = append(list, &Func{Name: "series_" + name, Sig: "series1:any series2:any", Resolve: seriesPair, Returns: value.DynamicType,
			Doc: "Compares two series element by element; a number stands for each element.",
			Eval: func(c *Call) any {
				return zipSeries(c, func(a, b any) any { return seriesCompare(a, b, holds) })
			}})
	}
	register(Scalar, "series", list)
}

// seriesPair takes two series, of which one may be a number.
func seriesPair(args []value.Type) ([]value.Type, value.Type, error) {
	for i, t := range args {
		if !t.IsNumber() {
			if _, err := (Param{Name: "series", Kind: "array"}).Accept(args[i]); err != nil {
				return args, value.DynamicType, err
			}
		}
	}
	if args[0].IsNumber() && args[1].IsNumber() {
		_, err := Param{Name: "one of the series", Kind: "array"}.Accept(args[0])
		return args, value.DynamicType, err
	}
	return args, value.DynamicType, nil
}

// mapSeries applies f to each number; whole numbers stay whole if asked.
func mapSeries(c *Call, f func(float64) float64, whole bool) any {
	in, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	out := make(value.Array, len(in))
	for i, e := range in {
		x, ok := value.ToReal(e)
		if !ok {
			continue
		}
		out[i] = f(x)
		if _, isInt := e.(int64); isInt && whole {
			out[i] = int64(f(x))
		}
	}
	return out
}

// zipSeries pairs elements; the shorter series is filled with null.
func zipSeries(c *Call, f func(a, b any) any) any {
	a, aMany := c.Args[0].(value.Array)
	b, bMany := c.Args[1].(value.Array)
	if !aMany && !bMany {
		return nil
	}
	at := func(list value.Array, many bool, single any, i int) any {
		if !many {
			return single
		}
		if i < len(list) {
			return list[i]
		}
		return nil
	}
	out := make(value.Array, max(len(a), len(b)))
	for i := range out {
		out[i] = f(at(a, aMany, c.Args[0], i), at(b, bMany, c.Args[1], i))
	}
	return out
}

func seriesArith(op byte, a, b any) any {
	x, ok1 := value.ToReal(a)
	y, ok2 := value.ToReal(b)
	if !ok1 || !ok2 {
		return nil
	}
	i, int1 := a.(int64)
	j, int2 := b.(int64)
	whole := int1 && int2
	switch op {
	case '+':
		if whole {
			return i + j
		}
		return x + y
	case '-':
		if whole {
			return i - j
		}
		return x - y
	case '*':
		if whole {
			return i * j
		}
		return x * y
	case '/':
		return x / y
	}
	return math.Pow(x, y)
}

func seriesCompare(a, b any, holds func(int) bool) any {
	n, ok := value.Compare(a, b)
	if !ok {
		return nil
	}
	return holds(n)
}

// seriesNumbers reads a series as numbers; ok is false where it holds something else.
func seriesNumbers(v any) (out []float64, ok bool) {
	list, ok := v.(value.Array)
	if !ok {
		return nil, false
	}
	for _, e := range list {
		x, ok := value.ToReal(e)
		if !ok {
			return nil, false
		}
		out = append(out, x)
	}
	return out, true
}

// realSeries makes a series of numbers.
func realSeries(list []float64) value.Array {
	out := make(value.Array, len(list))
	for i, x := range list {
		out[i] = x
	}
	return out
}

// wholes tells whether all elements are whole numbers.
func wholes(list value.Array) bool {
	for _, e := range list {
		if _, ok := e.(int64); !ok {
			return false
		}
	}
	return true
}
