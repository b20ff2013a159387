package funcs

import (
	"math"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "series", []*Func{
		{Name: "series_fit_line", Sig: "series:array", Returns: value.DynamicType, Doc: "Fits a line to a series.",
			Columns: func(int) []ColumnSpec { return fitColumns(lineNames) },
			Eval:    func(c *Call) any { return orNull(fitLineOf(c)) }},
		{Name: "series_fit_line_dynamic", Sig: "series:array", Returns: value.DynamicType, Doc: "Fits a line to a series, in a bag.",
			Eval: func(c *Call) any {
				if l := fitLineOf(c); l != nil {
					return bagOf("slope", l[1], "interception", l[4], "rsquare", l[0], "variance", l[2], "rvariance", l[3], "line_fit", l[5])
				}
				return nil
			}},
		{Name: "series_fit_2lines", Sig: "series:array", Returns: value.DynamicType, Doc: "Fits two lines to a series that has a break.",
			Columns: func(int) []ColumnSpec { return fitColumns(twoLineNames) },
			Eval:    func(c *Call) any { return orNull(fitTwoLines(c)) }},
		{Name: "series_fit_2lines_dynamic", Sig: "series:array", Returns: value.DynamicType, Doc: "Fits two lines to a series that has a break, in a bag.",
			Eval: evalTwoLinesDynamic},
		{Name: "series_fit_poly", Sig: "y_series:array x_series:array? degree:integer?", Returns: value.DynamicType, Doc: "Fits a polynomial to a series.",
			Columns: func(int) []ColumnSpec {
				return fitColumns([]string{"rsquare", "coefficients", "variance", "rvariance", "poly_fit"})
			}, Eval: evalFitPoly},
	})
}

var lineNames = []string{"rsquare", "slope", "variance", "rvariance", "interception", "line_fit"}

var twoLineNames = []string{"rsquare", "split_idx", "variance", "rvariance", "line_fit",
	"right_rsquare", "right_slope", "right_interception", "right_variance", "right_rvariance",
	"left_rsquare", "left_slope", "left_interception", "left_variance", "left_rvariance"}

// fitColumns gives the columns of a fit: reals, an index, and series.
func fitColumns(names []string) []ColumnSpec {
	out := make([]ColumnSpec, len(names))
	for i, n := range names {
		out[i] = ColumnSpec{Name: n, Type: value.RealType}
		switch n {
		case "split_idx":
			out[i].Type = value.LongType
		case "line_fit", "poly_fit", "coefficients":
			out[i].Type = value.DynamicType
		}
	}
	return out
}

// fit is a line or polynomial through the points of a series.
type fit struct {
	ys, line                     []float64
	slope, interception          float64
	rsquare, variance, rvariance float64
}

// measured says how well the line fits.
func (f fit) measured() fit {
	residual := make([]float64, len(f.ys))
	for i, y := range f.ys {
		residual[i] = y - f.line[i]
	}
	f.variance, f.rvariance = sampleVariance(f.ys), sampleVariance(residual)
	f.rsquare = 1 - f.rvariance/f.variance
	if f.variance == 0 {
		f.rsquare = 0
	}
	return f
}

// fitLine is the line of least squares over the elements' places.
func fitLine(ys []float64) fit {
	xs := make([]float64, len(ys))
	for i := range xs {
		xs[i] = float64(i)
	}
	f := fit{ys: ys, line: make([]float64, len(ys))}
	dx := centred(xs)
	if sxx := dot(dx, dx); sxx > 0 {
		f.slope = dot(dx, centred(ys)) / sxx
	}
	f.interception = mean(ys) - f.slope*mean(xs)
	for i := range ys {
		f.line[i] = f.interception + f.slope*xs[i]
	}
	return f.measured()
}

// atZero is the interception as Kusto tells it, where the first element is at 1.
func (f fit) atZero() float64 { return f.interception - f.slope }

func fitLineOf(c *Call) value.Array {
	ys, ok := seriesNumbers(c.Args[0])
	if !ok || len(ys) == 0 {
		return nil
	}
	f := fitLine(ys)
	return value.Array{f.rsquare, f.slope, f.variance, f.rvariance, f.atZero(), realSeries(f.line)}
}

// fitTwoLines breaks the series where the two lines leave least.
func fitTwoLines(c *Call) value.Array {
	ys, ok := seriesNumbers(c.Args[0])
	if !ok || len(ys) < 4 {
		return nil
	}
	least, split := math.Inf(1), 0
	for at := 2; at <= len(ys)-2; at++ {
		l, r := fitLine(ys[:at]), fitLine(ys[at:])
		if left := squares(l) + squares(r); left < least {
			least, split = left, at
		}
	}
	l, r := fitLine(ys[:split]), fitLine(ys[split:])
	all := fit{ys: ys, line: append(append([]float64(nil), l.line...), r.line...)}.measured()
	return value.Array{all.rsquare, int64(split), all.variance, all.rvariance, realSeries(all.line),
		r.rsquare, r.slope, r.atZero(), r.variance, r.rvariance,
		l.rsquare, l.slope, l.atZero(), l.variance, l.rvariance}
}

func squares(f fit) (sum float64) {
	for i, y := range f.ys {
		sum += (y - f.line[i]) * (y - f.line[i])
	}
	return sum
}

func evalTwoLinesDynamic(c *Call) any {
	found := fitTwoLines(c)
	if found == nil {
		return nil
	}
	out := bagOf("rsquare", found[0], "split_idx", found[1], "variance", found[2], "rvariance", found[3], "line_fit", found[4])
	for i, side := range []string{"right", "left"} {
		f := found[5+5*i:]
		out.Set(side, bagOf("rsquare", f[0], "slope", f[1], "interception", f[2], "variance", f[3], "rvariance", f[4]))
	}
	return out
}

// evalFitPoly fits a polynomial over x, or over 1, 2, 3...
func evalFitPoly(c *Call) any {
	ys, ok := seriesNumbers(c.Args[0])
	xs := make([]float64, len(ys))
	for i := range xs {
		xs[i] = float64(i + 1)
	}
	if ok && len(c.Args) > 1 {
		xs, ok = seriesNumbers(c.Args[1])
	}
	degree := int(c.Int(2, 1))
	if !ok || len(xs) != len(ys) || degree < 0 || degree >= len(ys) {
		return nil
	}
	coefficients := leastSquares(xs, ys, degree)
	f := fit{ys: ys, line: make([]float64, len(ys))}
	for i, x := range xs {
		for _, k := range coefficients {
			f.line[i] = f.line[i]*x + k
		}
	}
	f = f.measured()
	return value.Array{f.rsquare, realSeries(coefficients), f.variance, f.rvariance, realSeries(f.line)}
}
