package funcs

import (
	"math"
	"slices"
	"sort"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	found := func(int) []ColumnSpec {
		return []ColumnSpec{{"periods", value.DynamicType}, {"scores", value.DynamicType}}
	}
	const differs = "scores come from the autocorrelation and lie within a few hundredths of Kusto's, whose formula is not published"
	register(Scalar, "series", []*Func{
		{Name: "series_periods_detect", Sig: "series:array min_period:number max_period:number num_periods:integer", Returns: value.DynamicType, Columns: found,
			Doc: "Finds the periods after which a series repeats itself.", Differs: differs, Eval: evalPeriodsDetect},
		{Name: "series_periods_validate", Sig: "series:array period:number*", Returns: value.DynamicType, Columns: found,
			Doc: "Says how well a series repeats itself after each of some periods.", Differs: differs, Eval: evalPeriodsValidate},
		{Name: "series_seasonal", Sig: "series:array period:integer?", Returns: value.DynamicType,
			Doc: "Gives the seasonal part of a series, of the period found or given.", Differs: differs, Eval: func(c *Call) any {
				xs, ok := seriesNumbers(c.Args[0])
				if !ok {
					return nil
				}
				return realSeries(seasonal(xs, len(xs), periodOf(xs, c.Int(1, -1), defaultSeasonality)))
			}},
	})
}

// defaultSeasonality is the score from which a period counts.
const defaultSeasonality = 0.6

// shortest is the least period that is looked for, as in Kusto.
const shortest = 4

// period is a distance after which a series repeats itself, and how well.
type period struct {
	length int
	score  float64
}

// autocorrelation scores a distance: 1 is a perfect repetition. Distances that
// leave few pairs count less.
func autocorrelation(centred []float64, distance int) float64 {
	n := len(centred)
	if distance <= 0 || distance >= n {
		return 0
	}
	all := dot(centred, centred)
	if all == 0 {
		return 0
	}
	return dot(centred[:n-distance], centred[distance:]) / all * math.Sqrt(float64(n)/float64(n-distance))
}

// periods finds the distances from least to most whose score is a peak, the
// best first. Those that only repeat a better one are left out, and so are
// those that fit into the series less than twice.
func periods(xs []float64, least, most int) []period {
	zs := centred(xs)
	var peaks []period
	for d := max(least, shortest); d <= most && 2*d < len(xs); d++ {
		score := autocorrelation(zs, d)
		if score > 0 && score > autocorrelation(zs, d-1) && score >= autocorrelation(zs, d+1) {
			peaks = append(peaks, period{d, score})
		}
	}
	sort.SliceStable(peaks, func(i, j int) bool { return peaks[i].score > peaks[j].score })
	var out []period
	for _, p := range peaks {
		if !slices.ContainsFunc(out, func(better period) bool { return p.length%better.length == 0 }) {
			out = append(out, p)
		}
	}
	return out
}

func evalPeriodsDetect(c *Call) any {
	xs, ok := seriesNumbers(c.Args[0])
	n := c.Int(3, 0)
	if !ok || n < 0 || n > maxRange {
		return nil
	}
	lengths, scores := make([]float64, n), make([]float64, n)
	for i, p := range periods(xs, int(c.Real(1, 0)), int(c.Real(2, 0))) {
		if int64(i) < n && p.score >= defaultSeasonality {
			lengths[i], scores[i] = float64(p.length), p.score
		}
	}
	return value.Array{realSeries(lengths), realSeries(scores)}
}

// evalPeriodsValidate scores 0 what is no peak, or within what noise shows (two
// standard errors of its autocorrelation).
func evalPeriodsValidate(c *Call) any {
	xs, ok := seriesNumbers(c.Args[0])
	if !ok {
		return nil
	}
	zs := centred(xs)
	var lengths, scores []float64
	for i := 1; i < len(c.Args); i++ {
		d := int(c.Real(i, 0))
		score := autocorrelation(zs, d)
		noise := 2 / math.Sqrt(float64(len(zs)))
		if score < noise || score < autocorrelation(zs, d-1) || score < autocorrelation(zs, d+1) {
			score = 0
		}
		lengths, scores = append(lengths, c.Real(i, 0)), append(scores, score)
	}
	return value.Array{realSeries(lengths), realSeries(scores)}
}

// periodOf is the period given, or, for a negative one, the best that is found.
func periodOf(xs []float64, given int64, threshold float64) int {
	if given >= 0 {
		return int(min(given, int64(len(xs))))
	}
	if found := periods(xs, shortest, len(xs)/2); len(found) > 0 && found[0].score >= threshold {
		return found[0].length
	}
	return 0
}

// seasonal gives n elements, each the median of those in xs at its phase; zeros
// without a period.
func seasonal(xs []float64, n, period int) []float64 {
	out := make([]float64, n)
	for phase := 0; phase < period; phase++ {
		var same []float64
		for i := phase; i < len(xs); i += period {
			same = append(same, xs[i])
		}
		m := quantile(same, 0.5)
		for i := phase; i < n; i += period {
			out[i] = m
		}
	}
	return out
}

// quantile lies between the two nearest values; 0 of none.
func quantile(xs []float64, share float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(xs))
	at := share * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (sorted[i+1]-sorted[i])*(at-float64(i))
}
