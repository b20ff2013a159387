package value

import (
	"math/big"
	"strings"
)

// Decimal is a number with up to 34 significant decimal digits: coefficient
// times ten to the minus scale.
type Decimal struct {
	coef  *big.Int
	scale int
}

const decimalDigits = 34

// NewDecimal returns n as a decimal.
func NewDecimal(n int64) Decimal { return Decimal{coef: big.NewInt(n)} }

// ParseDecimal reads digits with an optional sign, point and exponent.
func ParseDecimal(s string) (Decimal, bool) {
	s = strings.TrimSpace(s)
	r, ok := new(big.Rat).SetString(s)
	if !ok || strings.ContainsAny(s, "/xXpP_") || len(s) > 100 {
		return Decimal{}, false
	}
	mantissa, exp, _ := strings.Cut(strings.ToLower(s), "e")
	scale := 0
	if _, frac, found := strings.Cut(mantissa, "."); found {
		scale = len(frac)
	}
	if exp != "" {
		scale = decimalDigits
	}
	return ratDecimal(r, scale), true
}

// ratDecimal rounds r to that many places, to at most 34 digits in all, and
// takes zeros off the end.
func ratDecimal(r *big.Rat, scale int) Decimal {
	whole := len(new(big.Int).Quo(r.Num(), r.Denom()).String())
	scale = max(0, min(scale, decimalDigits-whole))
	text := r.FloatString(scale)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	digits, frac, _ := strings.Cut(text, ".")
	coef, _ := new(big.Int).SetString(digits+frac, 10)
	return Decimal{coef: coef, scale: len(frac)}
}

// Rat returns the exact number.
func (d Decimal) Rat() *big.Rat {
	den := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.scale)), nil)
	return new(big.Rat).SetFrac(d.coef, den)
}

// Float returns the nearest real.
func (d Decimal) Float() float64 { f, _ := d.Rat().Float64(); return f }

// Int returns the whole part; ok is false where it does not fit.
func (d Decimal) Int() (n int64, ok bool) {
	r := d.Rat()
	q := new(big.Int).Quo(r.Num(), r.Denom())
	return q.Int64(), q.IsInt64()
}

// String writes all digits, without an exponent.
func (d Decimal) String() string {
	if d.coef == nil {
		return "0"
	}
	return d.Rat().FloatString(d.scale)
}

// Cmp compares two decimals.
func (d Decimal) Cmp(e Decimal) int { return d.Rat().Cmp(e.Rat()) }

// Arith calculates d op e for + - * / and %; ok is false for a division by zero.
func (d Decimal) Arith(op byte, e Decimal) (_ Decimal, ok bool) {
	a, b, out := d.Rat(), e.Rat(), new(big.Rat)
	switch op {
	case '+':
		out.Add(a, b)
	case '-':
		out.Sub(a, b)
	case '*':
		out.Mul(a, b)
	default:
		if b.Sign() == 0 {
			return Decimal{}, false
		}
		out.Quo(a, b)
		if op == '%' {
			q := new(big.Int).Quo(out.Num(), out.Denom())
			out.Sub(a, new(big.Rat).Mul(b, new(big.Rat).SetInt(q)))
		}
	}
	return ratDecimal(out, decimalDigits), true
}

// DecimalFromFloat returns the decimal with the real's shortest digits.
func DecimalFromFloat(f float64) (Decimal, bool) { return ParseDecimal(FormatReal(f)) }
