package plainly

import (
	"math"

	"github.com/sekisho/sekisho/internal/kql/plan"
)

// together are the aggregates of two values of each row, of which neither is
// null.
var together = map[string]func(xs, ys []float64) any{
	"covariance":  func(xs, ys []float64) any { return covariance(xs, ys, 1) },
	"covariancep": func(xs, ys []float64) any { return covariance(xs, ys, 0) },
}

// both are the two values of each row that has both.
func (e *evaluator) both(a *plan.Agg, rows []row) (xs, ys []float64) {
	for _, r := range rows {
		x, okX := number(e.expr(a.Args[0], r))
		y, okY := number(e.expr(a.Args[1], r))
		if okX && okY {
			xs, ys = append(xs, x), append(ys, y)
		}
	}
	return xs, ys
}

// covariance of a population, or of a sample, which has one pair less to go by.
func covariance(xs, ys []float64, less int) any {
	for i := range xs {
		if math.IsNaN(xs[i]+ys[i]) || math.IsInf(xs[i], 0) || math.IsInf(ys[i], 0) {
			return math.NaN()
		}
	}
	if len(xs) <= less {
		return 0.0
	}
	n, mx, my, total := float64(len(xs)), 0.0, 0.0, 0.0
	for i := range xs {
		mx, my = mx+xs[i]/n, my+ys[i]/n
	}
	for i := range xs {
		total += (xs[i] - mx) * (ys[i] - my)
	}
	return total / (n - float64(less))
}

// extreme is not a number where one of the values is none.
func extreme(values []any, direction int) any {
	for _, v := range values {
		if isNaN(v) {
			return v
		}
	}
	return furthest(call{args: values}, direction)
}

func isNaN(v any) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}
