package value

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Layouts of datetimes that Kusto reads, the commonest first. Fractions of a
// second are accepted by time.Parse after any seconds.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
	"2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04Z07:00",
	"2006-1-2 15:4:5", "2006-1-2", "2006-01", "2006", "20060102", "20060102T150405Z07:00", "20060102150405",
	"2006-01-02T15", "2006-01-02 15", "2006-01-02T15:04:05 Z07:00", "2006-01-02 15:04:05 Z07:00",
	"2006-01-02 15:04:05 -0700", "2006-01-02T15:04:05-0700",
	"1/2/2006 15:04:05", "1/2/2006 3:04:05 PM", "1/2/2006 15:04", "1/2/2006 3:04 PM", "1/2/2006", "1-2-2006", "2006/1/2",
	"2006/1/2 15:04:05", "2006/1/2 15:04",
	time.RFC1123, time.RFC1123Z, "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05", "Mon, 2 Jan 06 15:04:05 MST",
	time.RFC850, "Monday, 2-Jan-06 15:04:05 MST", "2 Jan 2006 15:04:05", "2 Jan 2006", "Jan 2 2006 15:04:05", "Jan 2 2006",
	"Jan 2, 2006 15:04:05", "Jan 2, 2006", "2 January 2006", "January 2, 2006", "January 2 2006",
	time.ANSIC, time.UnixDate, time.RubyDate, "2006-01-02T15:04:05.999999999 Z07:00",
}

// ParseDatetime reads a moment in one of the forms that Kusto knows (ISO 8601
// and its parts, RFC 822 and 850, some of the en-US forms). A text without a
// zone is UTC.
func ParseDatetime(s string) (d Datetime, ok bool) {
	s = strings.TrimSpace(s)
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			d = FromTime(t)
			return d, d.Valid()
		}
	}
	return 0, false
}

// ParseTimespan reads [-][d.]hh:mm[:ss[.fffffff]], a number of days, or a
// number with a unit as in 1.5h.
func ParseTimespan(s string) (Timespan, bool) {
	s = strings.TrimSpace(s)
	neg := strings.HasPrefix(s, "-")
	body := strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	t, ok := parseClock(body)
	if !ok {
		t, ok = ParseUnit(body)
	}
	if neg {
		t = -t
	}
	return t, ok
}

// parseClock reads d, [d.]hh:mm and [d.]hh:mm:ss[.f].
func parseClock(s string) (Timespan, bool) {
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, false
	}
	if len(parts) == 1 {
		days, err := strconv.ParseUint(s, 10, 24)
		return Timespan(days) * Day, err == nil
	}
	var days uint64
	hours := parts[0]
	if d, h, found := strings.Cut(parts[0], "."); found {
		n, err := strconv.ParseUint(d, 10, 24)
		if err != nil {
			return 0, false
		}
		days, hours = n, h
	}
	h, err1 := strconv.ParseUint(hours, 10, 8)
	m, err2 := strconv.ParseUint(parts[1], 10, 8)
	if err1 != nil || err2 != nil || h > 23 || m > 59 {
		return 0, false
	}
	t := Timespan(days)*Day + Timespan(h)*Hour + Timespan(m)*Minute
	if len(parts) == 2 {
		return t, true
	}
	sec, ok := parseSeconds(parts[2])
	return t + sec, ok
}

// parseSeconds reads ss[.fffffff].
func parseSeconds(s string) (Timespan, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 8)
	if err != nil || n > 59 || len(frac) > 7 {
		return 0, false
	}
	t := Timespan(n) * Second
	if frac != "" {
		f, err := strconv.ParseUint((frac + "000000")[:7], 10, 32)
		if err != nil {
			return 0, false
		}
		t += Timespan(f)
	}
	return t, true
}

var units = map[string]float64{}

func init() {
	for names, ticks := range map[string]float64{
		"d day days":           float64(Day),
		"h hr hrs hour hours":  float64(Hour),
		"m min minute minutes": float64(Minute),
		"s sec second seconds": float64(Second),
		"ms milli millis millisec millisecond milliseconds": float64(Millisecond),
		"micro micros microsec microsecond microseconds":    float64(Microsecond),
		"nano nanos nanosec nanosecond nanoseconds":         0.01,
		"tick ticks": 1,
	} {
		for _, n := range strings.Fields(names) {
			units[n] = ticks
		}
	}
}

// ParseUnit reads a number with a unit as in 1.5h, the form of a timespan
// literal.
func ParseUnit(s string) (Timespan, bool) {
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end <= 0 {
		return 0, false
	}
	ticks, ok := units[strings.TrimSpace(s[end:])]
	n, err := strconv.ParseFloat(s[:end], 64)
	if !ok || err != nil || math.Abs(n*ticks) >= math.MaxInt64 {
		return 0, false
	}
	return Timespan(math.Round(n * ticks)), true
}
