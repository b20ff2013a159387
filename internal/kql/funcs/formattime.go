package funcs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "formatting", []*Func{
		{Name: "format_datetime", Sig: "date:datetime format:string!", Returns: value.StringType, Naming: FirstArg, Doc: "Writes a moment in a format such as 'yyyy-MM-dd HH:mm:ss.fff'.", Eval: evalFormatDatetime},
		{Name: "format_timespan", Sig: "span:timespan format:string!", Returns: value.StringType, Naming: FirstArg, Doc: "Writes a timespan in a format such as 'd.hh:mm:ss.fff'.", Eval: evalFormatTimespan},
	})
}

// delimiters may stand between the parts of a format.
const delimiters = " /-:,._[]"

// CheckTimeFormat returns why a format is not one that Kusto takes, or nil.
func CheckTimeFormat(name, format string) error {
	allowed := "yMdHhmsfFt"
	if name == "format_timespan" {
		allowed = "dhHmsfF"
	}
	for _, run := range runs(format) {
		if !strings.Contains(allowed+delimiters, run[:1]) {
			return fmt.Errorf("the format %q has '%s', which %s does not know", format, run[:1], name)
		}
	}
	return nil
}

// runs cuts a format into runs of one letter.
func runs(format string) []string {
	var out []string
	for i := 0; i < len(format); {
		j := i + 1
		for j < len(format) && format[j] == format[i] {
			j++
		}
		out = append(out, format[i:j])
		i = j
	}
	return out
}

func evalFormatDatetime(c *Call) any {
	if CheckTimeFormat("format_datetime", c.Str(1)) != nil {
		return nil
	}
	d := c.Args[0].(value.Datetime)
	t := d.Time()
	var b strings.Builder
	for _, run := range runs(c.Str(1)) {
		n := len(run)
		switch run[0] {
		case 'y':
			if n <= 2 {
				fmt.Fprintf(&b, "%0*d", n, t.Year()%100)
			} else {
				fmt.Fprintf(&b, "%0*d", n, t.Year())
			}
		case 'M':
			fmt.Fprintf(&b, "%0*d", min(n, 2), int(t.Month()))
		case 'd':
			fmt.Fprintf(&b, "%0*d", min(n, 2), t.Day())
		case 'H':
			fmt.Fprintf(&b, "%0*d", min(n, 2), t.Hour())
		case 'h':
			fmt.Fprintf(&b, "%0*d", min(n, 2), (t.Hour()+11)%12+1)
		case 'm':
			fmt.Fprintf(&b, "%0*d", min(n, 2), t.Minute())
		case 's':
			fmt.Fprintf(&b, "%0*d", min(n, 2), t.Second())
		case 'f', 'F':
			writeFraction(&b, run, int64(d)%int64(value.Second))
		case 't':
			half := "AM"
			if t.Hour() >= 12 {
				half = "PM"
			}
			b.WriteString(half[:min(n, 2)])
		default:
			b.WriteString(run)
		}
	}
	return b.String()
}

// writeFraction writes digits of a second; F leaves zeros at the end out, and
// the point in front of them with them.
func writeFraction(b *strings.Builder, run string, ticks int64) {
	digits := fmt.Sprintf("%07d", ticks)[:min(len(run), 7)]
	if run[0] == 'f' {
		b.WriteString(digits)
		return
	}
	digits = strings.TrimRight(digits, "0")
	if s := b.String(); digits == "" && strings.HasSuffix(s, ".") {
		b.Reset()
		b.WriteString(s[:len(s)-1])
	}
	b.WriteString(digits)
}

func evalFormatTimespan(c *Call) any {
	if CheckTimeFormat("format_timespan", c.Str(1)) != nil {
		return nil
	}
	t := c.Args[0].(value.Timespan)
	var b strings.Builder
	if t < 0 {
		b.WriteByte('-')
		t = -t
	}
	for _, run := range runs(c.Str(1)) {
		n := len(run)
		var v value.Timespan
		switch run[0] {
		case 'd':
			v = t / value.Day
		case 'h', 'H':
			v = t / value.Hour % 24
		case 'm':
			v = t / value.Minute % 60
		case 's':
			v = t / value.Second % 60
		case 'f', 'F':
			writeFraction(&b, run, int64(t%value.Second))
			continue
		default:
			b.WriteString(run)
			continue
		}
		digits := strconv.FormatInt(int64(v), 10)
		b.WriteString(strings.Repeat("0", max(0, min(n, 8)-len(digits))) + digits)
	}
	return b.String()
}
