package funcs

import (
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"strconv"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	real1 := func(name, doc, sql string, naming Naming, f func(float64) float64) *Func {
		return &Func{Name: name, Sig: "number:real", Returns: value.RealType, Naming: naming, Doc: doc, SQL: sql,
			Eval: func(c *Call) any { return f(c.Real(0, 0)) }}
	}
	logarithm := func(name, doc string, f func(float64) float64) *Func {
		return &Func{Name: name, Sig: "number:real", Returns: value.RealType, Naming: FirstArg, Doc: doc + " Of a number below zero it is null.", Eval: func(c *Call) any {
			if c.Real(0, 0) < 0 {
				return nil
			}
			return f(c.Real(0, 0))
		}}
	}
	register(Scalar, "mathematics", []*Func{
		real1("sqrt", "Gives the square root.", "", FirstArg, math.Sqrt),
		real1("exp", "Gives e to the power of the number.", "exp({1})", FirstArg, math.Exp),
		real1("exp2", "Gives 2 to the power of the number.", "", FirstArg, math.Exp2),
		real1("exp10", "Gives 10 to the power of the number.", "", FirstArg, func(x float64) float64 { return math.Pow(10, x) }),
		logarithm("log", "Gives the natural logarithm.", math.Log),
		logarithm("log2", "Gives the logarithm to base 2.", math.Log2),
		logarithm("log10", "Gives the logarithm to base 10.", math.Log10),
		real1("sin", "Gives the sine.", "", FirstArg, math.Sin), real1("cos", "Gives the cosine.", "", FirstArg, math.Cos),
		real1("tan", "Gives the tangent.", "", FirstArg, math.Tan), real1("asin", "Gives the arc sine.", "", FirstArg, math.Asin),
		real1("acos", "Gives the arc cosine.", "", FirstArg, math.Acos), real1("atan", "Gives the arc tangent.", "", FirstArg, math.Atan),
		real1("cot", "Gives the cotangent.", "", Unnamed, func(x float64) float64 { return 1 / math.Tan(x) }),
		real1("degrees", "Converts radians to degrees.", "", Unnamed, func(x float64) float64 { return 180 / math.Pi * x }),
		real1("radians", "Converts degrees to radians.", "", Unnamed, func(x float64) float64 { return math.Pi / 180 * x }),
		real1("gamma", "Gives the gamma function.", "", FirstArg, math.Gamma),
		real1("loggamma", "Gives the logarithm of the gamma function.", "", FirstArg, func(x float64) float64 { l, _ := math.Lgamma(x); return l }),
		real1("erf", "Gives the error function.", "", FirstArg, math.Erf), real1("erfc", "Gives the complementary error function.", "", FirstArg, math.Erfc),
		{Name: "sign", Sig: "number:number", Returns: value.RealType, Doc: "Gives -1, 0 or 1.", Eval: func(c *Call) any { return sign(c.Real(0, 0)) }},
		{Name: "pow", Sig: "base:real exponent:real", Returns: value.RealType, Naming: FirstArg, Doc: "Raises a number to a power.", Eval: func(c *Call) any { return math.Pow(c.Real(0, 0), c.Real(1, 0)) }},
		{Name: "atan2", Sig: "y:real x:real", Returns: value.RealType, Naming: FirstArg, Doc: "Gives the angle of the point x, y.", Eval: func(c *Call) any { return math.Atan2(c.Real(0, 0), c.Real(1, 0)) }},
		{Name: "pi", Returns: value.RealType, Doc: "Gives pi.", Eval: func(*Call) any { return math.Pi }},
		{Name: "abs", Sig: "number:any", Naming: FirstArg, Doc: "Gives the number or timespan without its sign.", Resolve: resolveAbs, Eval: evalAbs},
		{Name: "ceiling", Sig: "number:number", Naming: FirstArg, Doc: "Rounds up to a whole number.", Resolve: sameNumber, Eval: evalCeiling},
		{Name: "round", Sig: "number:number precision:integer?!", Naming: FirstArg, Doc: "Rounds to a number of places.", Resolve: resolveRound, Eval: evalRound},
		{Name: "rand", Sig: "below:integer?", Returns: value.RealType, Volatile: true, Naming: FirstArg, Doc: "Gives a random number below 1, or a random whole number below the argument.", Eval: evalRand},
		{Name: "binary_and", Sig: "a:integer b:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Gives the bits that both have.", Eval: func(c *Call) any { return c.Int(0, 0) & c.Int(1, 0) }, SQL: "({1} & {2})"},
		{Name: "binary_or", Sig: "a:integer b:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Gives the bits that one of both has.", Eval: func(c *Call) any { return c.Int(0, 0) | c.Int(1, 0) }, SQL: "({1} | {2})"},
		{Name: "binary_xor", Sig: "a:integer b:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Gives the bits that only one of both has.", Eval: func(c *Call) any { return c.Int(0, 0) ^ c.Int(1, 0) }, SQL: "xor({1}, {2})"},
		{Name: "binary_not", Sig: "a:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Turns all bits.", Eval: func(c *Call) any { return ^c.Int(0, 0) }, SQL: "(~{1})"},
		{Name: "binary_shift_left", Sig: "a:integer places:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Shifts bits to the left.", Eval: func(c *Call) any { return c.Int(0, 0) << uint64(c.Int(1, 0)&63) }},
		{Name: "binary_shift_right", Sig: "a:integer places:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Shifts bits to the right.", Eval: func(c *Call) any { return c.Int(0, 0) >> uint64(c.Int(1, 0)&63) }},
		{Name: "bitset_count_ones", Sig: "a:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Counts the bits that are set.", Eval: func(c *Call) any { return int64(bits.OnesCount64(uint64(c.Int(0, 0)))) }},
	})
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

func resolveAbs(args []value.Type) ([]value.Type, value.Type, error) {
	if args[0] == value.TimespanType {
		return args, args[0], nil
	}
	_, err := Param{Name: "number", Kind: "number"}.Accept(args[0])
	if args[0] == value.IntType {
		return args, value.LongType, err
	}
	return args, args[0], err
}

func evalAbs(c *Call) any {
	switch x := c.Args[0].(type) {
	case int64:
		if x < 0 {
			return -x
		}
	case float64:
		return math.Abs(x)
	case value.Timespan:
		if x < 0 {
			return -x
		}
	case value.Decimal:
		if x.Rat().Sign() < 0 {
			return evalNegate(c)
		}
	}
	return c.Args[0]
}

func sameNumber(args []value.Type) ([]value.Type, value.Type, error) {
	_, err := Param{Name: "number", Kind: "number"}.Accept(args[0])
	return args, args[0], err
}

func evalCeiling(c *Call) any {
	switch x := c.Args[0].(type) {
	case float64:
		return math.Ceil(x)
	case value.Decimal:
		r := x.Rat()
		q, m := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
		if m.Sign() > 0 {
			q.Add(q, big.NewInt(1))
		}
		d, _ := value.ParseDecimal(q.String())
		return d
	}
	return c.Args[0]
}

func resolveRound(args []value.Type) ([]value.Type, value.Type, error) {
	want := append([]value.Type(nil), args...)
	_, _, err := sameNumber(args[:1])
	if len(want) > 1 && err == nil {
		want[1], err = Param{Name: "precision", Kind: "integer"}.Accept(args[1])
	}
	return want, args[0], err
}

// evalRound rounds halves away from zero, on the decimal digits.
func evalRound(c *Call) any {
	places := int(c.Int(1, 0))
	switch x := c.Args[0].(type) {
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) || places > 300 || places < -300 {
			return x
		}
		return roundReal(x, places)
	case int64:
		if places < 0 && places > -19 {
			p := int64(math.Pow10(-places))
			return int64(math.Round(float64(x)/float64(p))) * p
		}
	case value.Decimal:
		d, _ := value.ParseDecimal(x.Rat().FloatString(max(places, 0)))
		return d
	}
	return c.Args[0]
}

func roundReal(x float64, places int) float64 {
	if places < 0 {
		p := math.Pow10(-places)
		return math.Round(x/p) * p
	}
	p := math.Pow10(places)
	scaled := math.Round(x * p)
	if math.IsInf(scaled, 0) || math.Abs(scaled) > 1<<53 {
		return x
	}
	f, _ := strconv.ParseFloat(strconv.FormatFloat(scaled/p, 'f', places, 64), 64)
	return f
}

func evalRand(c *Call) any {
	if n := c.Int(0, 0); n > 1 {
		return float64(rand.Int64N(n))
	}
	return rand.Float64()
}
