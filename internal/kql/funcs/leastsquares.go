package funcs

import "math"

// leastSquares gives the coefficients of the polynomial that lies nearest to the
// points, the highest power first. The powers of x are made orthogonal one after
// the other (Gram and Schmidt, twice for precision), which stays exact where the
// normal equations lose their digits.
func leastSquares(xs, ys []float64, degree int) []float64 {
	n := degree + 1
	basis, upper := make([][]float64, n), make([][]float64, n)
	rest := append([]float64(nil), ys...)
	weights := make([]float64, n)
	for j := range basis {
		column := make([]float64, len(xs))
		for i, x := range xs {
			column[i] = math.Pow(x, float64(j))
		}
		upper[j] = make([]float64, n)
		for range 2 {
			for k := range j {
				upper[k][j] += takeOff(column, basis[k])
			}
		}
		norm := math.Sqrt(dot(column, column))
		upper[j][j] = norm
		if norm > 0 {
			for i := range column {
				column[i] /= norm
			}
		}
		basis[j] = column
		weights[j] = takeOff(rest, column)
	}
	return solveUpper(upper, weights)
}

// takeOff takes the part along a unit vector off v, and returns its length.
func takeOff(v, unit []float64) float64 {
	length := dot(v, unit)
	for i := range v {
		v[i] -= length * unit[i]
	}
	return length
}

// solveUpper solves a triangular system; the solution is turned round.
func solveUpper(upper [][]float64, right []float64) []float64 {
	n := len(right)
	out := make([]float64, n)
	for j := n - 1; j >= 0; j-- {
		sum := right[j]
		for k := j + 1; k < n; k++ {
			sum -= upper[j][k] * out[n-1-k]
		}
		if upper[j][j] != 0 {
			out[n-1-j] = sum / upper[j][j]
		}
	}
	return out
}
