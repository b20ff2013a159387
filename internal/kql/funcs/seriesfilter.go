package funcs

import (
	"math"
	"math/cmplx"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	spectrum := func(args int) []ColumnSpec {
		return []ColumnSpec{{"real", value.DynamicType}, {"imag", value.DynamicType}}
	}
	register(Scalar, "series", []*Func{
		{Name: "series_fir", Sig: "series:array filter:array normalize:bool? center:bool?", Naming: FirstArg, Returns: value.DynamicType,
			Doc: "Applies a finite impulse response filter: a moving average, a difference.", Eval: evalFIR},
		{Name: "series_iir", Sig: "series:array numerators:array denominators:array", Naming: FirstArg, Returns: value.DynamicType,
			Doc: "Applies an infinite impulse response filter: a cumulative sum, exponential smoothing.", Eval: evalIIR},
		{Name: "series_fft", Sig: "real:array imaginary:array?", Returns: value.DynamicType, Columns: spectrum,
			Doc: "Computes the Fourier transform of a series.", Eval: func(c *Call) any { return evalFourier(c, false) }},
		{Name: "series_ifft", Sig: "real:array imaginary:array?", Returns: value.DynamicType, Columns: spectrum,
			Doc: "Computes the inverse Fourier transform of a series.", Eval: func(c *Call) any { return evalFourier(c, true) }},
	})
}

// evalFIR adds weighted neighbours. Elements beyond the ends count as zero.
func evalFIR(c *Call) any {
	xs, ok1 := seriesNumbers(c.Args[0])
	fs, ok2 := seriesNumbers(c.Args[1])
	if !ok1 || !ok2 || len(fs) == 0 {
		return nil
	}
	negative := false
	for _, f := range fs {
		negative = negative || f < 0
	}
	scale := 1.0
	normalize := !negative
	if c.Has(2) {
		normalize = c.Args[2] == true
	}
	if normalize {
		if negative {
			return nil
		}
		scale = dot(fs, nil)
	}
	shift := 0
	if c.Has(3) && c.Args[3] == true {
		shift = len(fs) / 2
	}
	whole := !normalize && wholes(c.Array(0)) && wholes(c.Array(1))
	out := make(value.Array, len(xs))
	for i := range out {
		sum := 0.0
		for j, f := range fs {
			if at := i - j + shift; at >= 0 && at < len(xs) {
				sum += f * xs[at]
			}
		}
		out[i] = sum / scale
		if whole {
			out[i] = int64(sum)
		}
	}
	return out
}

// evalIIR computes a0*y[i] = sum of b[j]*x[i-j] - sum of a[j]*y[i-j], j > 0.
func evalIIR(c *Call) any {
	xs, ok1 := seriesNumbers(c.Args[0])
	bs, ok2 := seriesNumbers(c.Args[1])
	as, ok3 := seriesNumbers(c.Args[2])
	if !ok1 || !ok2 || !ok3 || len(as) == 0 || as[0] == 0 {
		return nil
	}
	ys := make([]float64, len(xs))
	for i := range xs {
		y := 0.0
		for j, b := range bs[:min(len(bs), i+1)] {
			y += b * xs[i-j]
		}
		for j := 1; j < len(as) && j <= i; j++ {
			y -= as[j] * ys[i-j]
		}
		ys[i] = y / as[0]
	}
	return realSeries(ys)
}

func evalFourier(c *Call, inverse bool) any {
	re, ok := seriesNumbers(c.Args[0])
	if !ok {
		return nil
	}
	zs := make([]complex128, len(re))
	for i, x := range re {
		zs[i] = complex(x, 0)
	}
	if len(c.Args) > 1 {
		im, ok := seriesNumbers(c.Args[1])
		if !ok || len(im) != len(re) {
			return nil
		}
		for i, x := range im {
			zs[i] += complex(0, x)
		}
	}
	direction, scale := -1.0, 1.0
	if inverse {
		direction, scale = 1, float64(max(len(zs), 1))
	}
	zs = fourier(zs, direction)
	reals, imags := make(value.Array, len(zs)), make(value.Array, len(zs))
	for i, z := range zs {
		reals[i], imags[i] = real(z)/scale, imag(z)/scale
	}
	return value.Array{reals, imags}
}

// fourier splits even lengths in two and sums up odd ones.
func fourier(zs []complex128, direction float64) []complex128 {
	n := len(zs)
	out := make([]complex128, n)
	angle := direction * 2 * math.Pi / float64(max(n, 1))
	if n%2 == 0 && n > 0 {
		even, odd := make([]complex128, n/2), make([]complex128, n/2)
		for i := range even {
			even[i], odd[i] = zs[2*i], zs[2*i+1]
		}
		even, odd = fourier(even, direction), fourier(odd, direction)
		for k := range even {
			t := cmplx.Rect(1, angle*float64(k)) * odd[k]
			out[k], out[k+n/2] = even[k]+t, even[k]-t
		}
		return out
	}
	for k := range out {
		for i, z := range zs {
			out[k] += z * cmplx.Rect(1, angle*float64(k*i%n))
		}
	}
	return out
}
