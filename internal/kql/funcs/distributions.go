package funcs

import (
	"math"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	beta := func(name, x, doc string, f func(x, a, b float64) any) *Func {
		return &Func{Name: name, Sig: x + ":real alpha:real beta:real", Returns: value.RealType, Doc: doc,
			Eval: func(c *Call) any { return f(c.Real(0, 0), c.Real(1, 0), c.Real(2, 0)) }}
	}
	register(Scalar, "statistics", []*Func{
		beta("beta_cdf", "x", "Gives the share of a beta distribution below x; NaN outside 0 to 1.", func(x, a, b float64) any { return betaCDF(x, a, b) }),
		beta("beta_pdf", "x", "Gives the density of a beta distribution at x; NaN outside 0 to 1.", func(x, a, b float64) any { return betaPDF(x, a, b) }),
		beta("beta_inv", "probability", "Gives the x below which that share of a beta distribution lies.", betaInverse),
		{Name: "welch_test", Sig: "mean1:real variance1:real count1:real mean2:real variance2:real count2:real", Returns: value.RealType,
			Doc: "Gives the probability that two samples which differ so much, or more, have the same mean, after Welch.", Eval: evalWelch},
	})
}

// betaCDF is the regularised incomplete beta function, of which the continued
// fraction is quick on one side of the mean and its mirror on the other.
func betaCDF(x, a, b float64) float64 {
	switch {
	case math.IsNaN(x) || x < 0 || x > 1:
		return math.NaN()
	case x == 0 || x == 1:
		return x
	}
	front := math.Exp(logBeta(a, b) + a*math.Log(x) + b*math.Log1p(-x))
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(x, a, b) / a
	}
	return 1 - front*betaFraction(1-x, b, a)/b
}

// logBeta is the logarithm of 1/B(a, b).
func logBeta(a, b float64) float64 {
	both, _ := math.Lgamma(a + b)
	first, _ := math.Lgamma(a)
	second, _ := math.Lgamma(b)
	return both - first - second
}

// betaFraction evaluates the continued fraction with Lentz's method.
func betaFraction(x, a, b float64) float64 {
	const tiny, enough = 1e-300, 1e-16
	away := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/away(1-(a+b)*x/(a+1))
	h := d
	for i := 1; i <= 10000; i++ {
		m := float64(i)
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/away(1+even*d), away(1+even/c)
		h *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/away(1+odd*d), away(1+odd/c)
		step := d * c
		h *= step
		if math.Abs(step-1) < enough {
			break
		}
	}
	return h
}

func betaPDF(x, a, b float64) float64 {
	if !(x > 0 && x < 1 && a > 0 && b > 0) {
		return math.NaN()
	}
	return math.Exp(logBeta(a, b) + (a-1)*math.Log(x) + (b-1)*math.Log1p(-x))
}

// betaInverse halves the interval until nothing lies between its ends. A
// probability that is none has no answer, a distribution that is none NaN.
func betaInverse(p, a, b float64) any {
	switch {
	case !(p > 0 && p <= 1):
		return nil
	case !(a > 0 && b > 0):
		return math.NaN()
	case p == 1:
		return 1.0
	}
	low, high := 0.0, 1.0
	for {
		middle := low + (high-low)/2
		if middle <= low || middle >= high {
			return middle
		}
		if betaCDF(middle, a, b) < p {
			low = middle
		} else {
			high = middle
		}
	}
}

// evalWelch is the share of Student's distribution on both sides of t.
func evalWelch(c *Call) any {
	n1, n2 := c.Real(2, 0), c.Real(5, 0)
	e1, e2 := c.Real(1, 0)/n1, c.Real(4, 0)/n2
	t := (c.Real(0, 0) - c.Real(3, 0)) / math.Sqrt(e1+e2)
	freedom := (e1 + e2) * (e1 + e2) / (e1*e1/(n1-1) + e2*e2/(n2-1))
	return betaCDF(freedom/(freedom+t*t), freedom/2, 0.5)
}
