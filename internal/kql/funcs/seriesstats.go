package funcs

import (
	"math"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	total := func(name, doc string, f func(xs []float64) float64) *Func {
		return &Func{Name: name, Sig: "series:array", Returns: value.RealType, Doc: doc, Eval: func(c *Call) any {
			if xs, ok := seriesNumbers(c.Args[0]); ok {
				return f(xs)
			}
			return nil
		}}
	}
	pair := func(name, doc string, f func(xs, ys []float64) any) *Func {
		return &Func{Name: name, Sig: "series1:array series2:array", Returns: value.RealType, Doc: doc, Eval: func(c *Call) any {
			xs, ok1 := seriesNumbers(c.Args[0])
			ys, ok2 := seriesNumbers(c.Args[1])
			if !ok1 || !ok2 {
				return nil
			}
			return f(xs, ys)
		}}
	}
	register(Scalar, "series", []*Func{
		total("series_sum", "Adds the elements.", func(xs []float64) float64 { return dot(xs, nil) }),
		total("series_product", "Multiplies the elements.", func(xs []float64) float64 {
			p := 1.0
			for _, x := range xs {
				p *= x
			}
			return p
		}),
		total("series_magnitude", "Gives the length of the series as a vector.", func(xs []float64) float64 { return math.Sqrt(dot(xs, xs)) }),
		{Name: "series_dot_product", Sig: "series1:any series2:any", Returns: value.RealType,
			Resolve: func(args []value.Type) ([]value.Type, value.Type, error) {
				want, _, err := seriesPair(args)
				return want, value.RealType, err
			},
			Doc: "Gives the dot product of two series; a number stands for each element.", Eval: evalDotProduct},
		pair("series_cosine_similarity", "Gives the cosine of the angle between two series of equal length.", func(xs, ys []float64) any {
			if len(xs) != len(ys) {
				return nil
			}
			return finite(dot(xs, ys) / (math.Sqrt(dot(xs, xs)) * math.Sqrt(dot(ys, ys))))
		}),
		pair("series_pearson_correlation", "Gives the correlation of two series of equal length.", pearson),
		{Name: "series_stats", Sig: "series:array ignore_nonnumeric:bool?", Returns: value.DynamicType, Columns: func(int) []ColumnSpec {
			return []ColumnSpec{{"min", value.RealType}, {"min_idx", value.LongType}, {"max", value.RealType}, {"max_idx", value.LongType},
				{"avg", value.RealType}, {"stdev", value.RealType}, {"variance", value.RealType}}
		}, Doc: "Gives statistics of a series as columns.", Eval: func(c *Call) any {
			if s, ok := statsOf(c); ok {
				return value.Array{s.least, s.leastAt, s.most, s.mostAt, s.mean, math.Sqrt(s.variance), s.variance}
			}
			return nil
		}},
		{Name: "series_stats_dynamic", Sig: "series:array ignore_nonnumeric:bool?", Returns: value.DynamicType,
			Doc: "Gives statistics of a series as a bag.", Eval: evalStatsDynamic},
	})
}

// evalDotProduct leaves out what is no number. Of nothing it is null.
func evalDotProduct(c *Call) any {
	products, _ := zipSeries(c, func(a, b any) any { return seriesArith('*', a, b) }).(value.Array)
	if len(products) == 0 {
		return nil
	}
	for i := range c.Args {
		if list, ok := c.Args[i].(value.Array); ok && len(list) == 0 {
			return nil
		}
	}
	sum := 0.0
	for _, p := range products {
		x, _ := value.ToReal(p)
		sum += x
	}
	return sum
}

// dot adds the products of elements; nil stands for ones.
func dot(xs, ys []float64) (sum float64) {
	for i, x := range xs {
		if ys != nil {
			x *= ys[i]
		}
		sum += x
	}
	return sum
}

func finite(x float64) any {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return x
}

func pearson(xs, ys []float64) any {
	if len(xs) != len(ys) {
		return nil
	}
	dx, dy := centred(xs), centred(ys)
	return finite(dot(dx, dy) / math.Sqrt(dot(dx, dx)*dot(dy, dy)))
}

// mean is NaN of nothing.
func mean(xs []float64) float64 { return dot(xs, nil) / float64(len(xs)) }

// centred takes the mean off.
func centred(xs []float64) []float64 {
	m := mean(xs)
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = x - m
	}
	return out
}

// sampleVariance is 0 of a single value.
func sampleVariance(xs []float64) float64 {
	d := centred(xs)
	return dot(d, d) / float64(max(len(xs)-1, 1))
}

type seriesStats struct {
	least, most, mean, variance, sum float64
	leastAt, mostAt, n               int64
}

// statsOf reads a series, of which elements that are no numbers are left out if
// argument 1 says so. ok is false where there is nothing to tell.
func statsOf(c *Call) (s seriesStats, ok bool) {
	list := c.Array(0)
	var xs []float64
	for i, e := range list {
		x, isNumber := value.ToReal(e)
		if !isNumber {
			if len(c.Args) > 1 && c.Args[1] == true {
				continue
			}
			return s, false
		}
		if len(xs) == 0 || x < s.least {
			s.least, s.leastAt = x, int64(i)
		}
		if len(xs) == 0 || x > s.most {
			s.most, s.mostAt = x, int64(i)
		}
		xs = append(xs, x)
	}
	s.n, s.sum, s.mean, s.variance = int64(len(xs)), dot(xs, nil), mean(xs), sampleVariance(xs)
	return s, len(xs) > 0
}

func evalStatsDynamic(c *Call) any {
	s, ok := statsOf(c)
	if !ok {
		return nil
	}
	return bagOf("min", s.least, "min_idx", s.leastAt, "max", s.most, "max_idx", s.mostAt, "avg", s.mean,
		"stdev", math.Sqrt(s.variance), "variance", s.variance, "sum", s.sum, "len", s.n)
}

// bagOf makes a bag of keys and values.
func bagOf(pairs ...any) *value.Bag {
	out := value.NewBag()
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i].(string), pairs[i+1])
	}
	return out
}
