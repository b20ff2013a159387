package value

import (
	"math"
	"strconv"
	"strings"
)

// ParseLong reads a decimal or 0x integer with an optional sign, as tolong
// does; blanks around it do not matter.
func ParseLong(s string) (int64, bool) {
	s = strings.TrimSpace(s)
	if hex, ok := strings.CutPrefix(strings.ToLower(s), "0x"); ok {
		u, err := strconv.ParseUint(hex, 16, 64)
		return int64(u), err == nil
	}
	if strings.Contains(s, "_") {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// ParseReal reads a real as todouble does.
func ParseReal(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	unsigned, sign := strings.TrimLeft(s, "+-"), 1
	if strings.HasPrefix(s, "-") {
		sign = -1
	}
	switch {
	case strings.EqualFold(s, "nan"):
		return math.NaN(), true
	case len(s)-len(unsigned) > 1:
		return 0, false
	case unsigned == "inf" || unsigned == "Inf" || strings.EqualFold(unsigned, "infinity"):
		return math.Inf(sign), true
	}
	if strings.ContainsAny(s, "xXpP_nN") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// FormatReal writes a real in its shortest exact form, with ".0" when it is
// whole, and with an exponent from 1E+15 up and below 1E-4, as .NET does.
func FormatReal(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	abs := math.Abs(f)
	if abs != 0 && (abs < 1e-4 || abs >= 1e15) {
		s := strconv.FormatFloat(f, 'E', -1, 64)
		mantissa, exp, _ := strings.Cut(s, "E")
		return mantissa + "E" + exp
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
