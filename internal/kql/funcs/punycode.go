package funcs

import (
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "text", []*Func{
		{Name: "punycode_from_string", Sig: "text:string", Returns: value.StringType, Doc: "Writes a text in the ASCII form of RFC 3492.", Eval: func(c *Call) any {
			s, _ := toPunycode(c.Str(0))
			return s
		}},
		{Name: "punycode_to_string", Sig: "text:string", Returns: value.StringType, Doc: "Reads a text in the ASCII form of RFC 3492.", Eval: func(c *Call) any {
			s, _ := fromPunycode(c.Str(0))
			return s
		}},
		{Name: "punycode_domain_to_string", Hidden: true, Sig: "domain:string", Returns: value.StringType, Doc: "Writes the labels of a domain in ASCII, with xn-- in front of those that need it.", Eval: evalDomainToASCII},
		{Name: "punycode_domain_from_string", Hidden: true, Sig: "domain:string", Returns: value.StringType, Doc: "Reads the labels of a domain that begin with xn--.", Eval: evalDomainFromASCII},
	})
}

// labelDots are the points that may stand between labels besides the full stop.
var labelDots = strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".")

func evalDomainToASCII(c *Call) any {
	labels := strings.Split(labelDots.Replace(c.Str(0)), ".")
	for i, l := range labels {
		if isASCII(l) {
			continue
		}
		s, ok := toPunycode(l)
		if !ok {
			return ""
		}
		labels[i] = "xn--" + s
	}
	return strings.Join(labels, ".")
}

func evalDomainFromASCII(c *Call) any {
	labels := strings.Split(c.Str(0), ".")
	for i, l := range labels {
		if len(l) < 4 || !strings.EqualFold(l[:4], "xn--") {
			continue
		}
		s, ok := fromPunycode(l[4:])
		if !ok {
			return ""
		}
		labels[i] = s
	}
	return strings.Join(labels, ".")
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// The parameters of RFC 3492, section 5.
const (
	punyBase, punyTMin, punyTMax  = 36, 1, 26
	punySkew, punyDamp, punyStart = 38, 700, 72
	punyDigits                    = "abcdefghijklmnopqrstuvwxyz0123456789"
	maxPunycode                   = 1 << 12
)

// adapt is the bias for the next delta: section 6.1.
func adapt(delta, points int, first bool) int {
	if first {
		delta /= punyDamp
	} else {
		delta /= 2
	}
	delta += delta / points
	k := 0
	for ; delta > (punyBase-punyTMin)*punyTMax/2; k += punyBase {
		delta /= punyBase - punyTMin
	}
	return k + (punyBase-punyTMin+1)*delta/(delta+punySkew)
}

func threshold(k, bias int) int { return min(max(k-bias, punyTMin), punyTMax) }

// toPunycode encodes: section 6.3. ASCII alone stays as it is.
func toPunycode(s string) (string, bool) {
	if isASCII(s) {
		return s, true
	}
	if len(s) > maxPunycode || !utf8.ValidString(s) {
		return "", false
	}
	runes := []rune(s)
	basic := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return r
		}
		return -1
	}, s)
	var out strings.Builder
	if out.WriteString(basic); basic != "" {
		out.WriteByte('-')
	}
	n, delta, bias, done := utf8.RuneSelf, 0, punyStart, len(basic)
	for done < len(runes) {
		next := leastFrom(runes, n)
		delta += (next - n) * (done + 1)
		n = next
		for _, r := range runes {
			switch {
			case int(r) < n:
				delta++
			case int(r) == n:
				writeDelta(&out, delta, bias)
				bias = adapt(delta, done+1, done == len(basic))
				delta = 0
				done++
			}
		}
		delta, n = delta+1, n+1
	}
	return out.String(), true
}

// leastFrom is the least code point that is not below n.
func leastFrom(runes []rune, n int) int {
	least := int(utf8.MaxRune) + 1
	for _, r := range runes {
		if int(r) >= n {
			least = min(least, int(r))
		}
	}
	return least
}

// writeDelta writes a number with digits of varying worth, the least first.
func writeDelta(out *strings.Builder, delta, bias int) {
	for k := punyBase; ; k += punyBase {
		t := threshold(k, bias)
		if delta < t {
			out.WriteByte(punyDigits[delta])
			return
		}
		out.WriteByte(punyDigits[t+(delta-t)%(punyBase-t)])
		delta = (delta - t) / (punyBase - t)
	}
}

// fromPunycode decodes: section 6.2.
func fromPunycode(s string) (string, bool) {
	if !isASCII(s) || len(s) > maxPunycode {
		return "", false
	}
	var out []rune
	if at := strings.LastIndexByte(s, '-'); at >= 0 {
		out, s = []rune(s[:at]), s[at+1:]
	}
	n, i, bias := utf8.RuneSelf, 0, punyStart
	for first := true; s != ""; first = false {
		delta, rest, ok := readDelta(s, bias)
		if !ok {
			return "", false
		}
		points := len(out) + 1
		bias = adapt(delta, points, first)
		i, s = i+delta, rest
		n += i / points
		if i %= points; n > utf8.MaxRune {
			return "", false
		}
		out = append(out[:i], append([]rune{rune(n)}, out[i:]...)...)
		i++
	}
	return string(out), true
}

// readDelta reads what writeDelta writes.
func readDelta(s string, bias int) (delta int, rest string, ok bool) {
	worth := 1
	for k := punyBase; s != ""; k += punyBase {
		digit := strings.IndexByte(punyDigits, s[0]|0x20)
		if s[0] >= '0' && s[0] <= '9' {
			digit = int(s[0]-'0') + 26
		}
		if digit < 0 {
			return 0, "", false
		}
		delta, s = delta+digit*worth, s[1:]
		t := threshold(k, bias)
		if digit < t {
			return delta, s, true
		}
		if worth *= punyBase - t; worth > 1<<31 || delta > 1<<40 {
			return 0, "", false
		}
	}
	return 0, "", false
}
