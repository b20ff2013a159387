package funcs

import (
	"math"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	dynamics := func(names ...string) func(int) []ColumnSpec {
		return func(int) []ColumnSpec {
			out := make([]ColumnSpec, len(names))
			for i, n := range names {
				out[i] = ColumnSpec{n, value.DynamicType}
			}
			return out
		}
	}
	register(Scalar, "series", []*Func{
		{Name: "series_decompose", Sig: "series:array seasonality:integer? trend:string? test_points:integer? seasonality_threshold:number?",
			Returns: value.DynamicType, Columns: dynamics("baseline", "seasonal", "trend", "residual"),
			Doc: "Takes a series apart into season, trend and the rest.", Eval: func(c *Call) any {
				d, ok := decompose(c, 1, c.Int(3, 0), "avg", c.Real(4, defaultSeasonality))
				if !ok {
					return nil
				}
				return value.Array{realSeries(d.baseline), realSeries(d.seasonal), realSeries(d.trend), realSeries(d.residual)}
			}},
		{Name: "series_decompose_anomalies", Sig: "series:array threshold:number? seasonality:integer? trend:string? test_points:integer? method:string? seasonality_threshold:number?",
			Returns: value.DynamicType, Columns: dynamics("ad_flag", "ad_score", "baseline"),
			Doc: "Marks the elements that lie far from what season and trend let expect.", Eval: evalAnomalies},
		{Name: "series_decompose_forecast", Sig: "series:array points:integer seasonality:integer? trend:string? seasonality_threshold:number?",
			Returns: value.DynamicType, Doc: "Forecasts the last elements of a series from season and trend of the others.", Eval: func(c *Call) any {
				if d, ok := decompose(c, 2, c.Int(1, 0), "linefit", c.Real(4, defaultSeasonality)); ok {
					return realSeries(d.baseline)
				}
				return nil
			}},
		{Name: "series_outliers", Sig: "series:array kind:string? ignore:number? min_percentile:number? max_percentile:number?", Naming: FirstArg, Returns: value.DynamicType, Loose: true,
			Doc: "Scores how far each element lies outside the usual range, after Tukey.", Eval: evalOutliers},
	})
}

// decomposition is a series taken apart: series = seasonal + trend + residual.
type decomposition struct{ baseline, seasonal, trend, residual []float64 }

// decompose reads the series and, from argument at on, seasonality and trend,
// which is that given or else usual. The last points of the series are not
// learned from.
func decompose(c *Call, at int, points int64, usual string, threshold float64) (d decomposition, ok bool) {
	xs, ok := seriesNumbers(c.Args[0])
	if !ok || points < 0 || points >= int64(len(xs)) {
		return d, false
	}
	known := xs[:len(xs)-int(points)]
	d.seasonal = seasonal(known, len(xs), periodOf(known, c.Int(at, -1), threshold))
	rest := make([]float64, len(known))
	for i, x := range known {
		rest[i] = x - d.seasonal[i]
	}
	line := fit{}
	if given := c.Str(at + 1); given != "" {
		usual = given
	}
	switch usual {
	case "avg":
		line.interception = mean(rest)
	case "linefit":
		line = fitLine(rest)
	case "none":
	default:
		return d, false
	}
	for i, x := range xs {
		trend := line.interception + line.slope*float64(i)
		base := d.seasonal[i] + trend
		d.trend, d.baseline, d.residual = append(d.trend, trend), append(d.baseline, base), append(d.residual, x-base)
	}
	return d, true
}

func evalAnomalies(c *Call) any {
	d, ok := decompose(c, 2, c.Int(4, 0), "avg", c.Real(6, defaultSeasonality))
	if !ok {
		return nil
	}
	low, high := 10.0, 90.0
	if c.Str(5) == "tukey" {
		low, high = 25, 75
	}
	scores := tukey(d.residual, d.residual, low, high)
	threshold := c.Real(1, 1.5)
	flags := make(value.Array, len(scores))
	for i, s := range scores {
		flags[i] = int64(0)
		if math.Abs(s) > threshold {
			flags[i] = int64(sign(s))
		}
	}
	return value.Array{flags, realSeries(scores), realSeries(d.baseline)}
}

// evalOutliers scores elements; missing ones are 0.
func evalOutliers(c *Call) any {
	list, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	low, high := c.Real(3, 10), c.Real(4, 90)
	switch c.Str(1) {
	case "", "ctukey":
	case "tukey":
		low, high = 25, 75
	default:
		return nil
	}
	gap := missing(c, 2)
	var known []float64
	xs := make([]float64, len(list))
	for i, e := range list {
		xs[i] = math.NaN()
		if x, isNumber := value.ToReal(e); isNumber && !gap(e) {
			xs[i], known = x, append(known, x)
		}
	}
	return realSeries(tukey(xs, known, low, high))
}

// tukey gives the distance of each value from the range between two percentiles
// of the known ones, in widths of that range; 0 within it. Widths are scaled so
// that 1.5 means as rare a value for other ranges as it does for the quartiles.
func tukey(xs, known []float64, low, high float64) []float64 {
	bottom, top := quantile(known, low/100), quantile(known, high/100)
	scale := tukeyScale(low, high) / (top - bottom)
	out := make([]float64, len(xs))
	for i, x := range xs {
		switch {
		case top <= bottom:
		case x > top:
			out[i] = (x - top) * scale
		case x < bottom:
			out[i] = (x - bottom) * scale
		}
	}
	return out
}

// tukeyTenth is the scale that Kusto uses for the 10th and 90th percentile.
const tukeyTenth = 2.772605605507916

// tukeyScale is 1 for quartiles. In a normal distribution, values above 1.5
// lie as far out as Kusto's do for the 10th and 90th percentile.
func tukeyScale(low, high float64) float64 {
	if low == 25 && high == 75 {
		return 1
	}
	tenth := normalQuantile(0.9)
	fence := tenth + 1.5/tukeyTenth*2*tenth
	bottom, top := normalQuantile(low/100), normalQuantile(high/100)
	return 1.5 * (top - bottom) / max(fence-(top-bottom)/2, 1e-9)
}

func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }
