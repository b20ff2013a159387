package plainly

import (
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	for name, f := range map[string]func(time.Time) int64{
		"dayofmonth": func(t time.Time) int64 { return int64(t.Day()) }, "dayofyear": func(t time.Time) int64 { return int64(t.YearDay()) },
		"hourofday": func(t time.Time) int64 { return int64(t.Hour()) }, "monthofyear": func(t time.Time) int64 { return int64(t.Month()) },
		"getmonth": func(t time.Time) int64 { return int64(t.Month()) }, "getyear": func(t time.Time) int64 { return int64(t.Year()) },
		"week_of_year": func(t time.Time) int64 { _, w := t.ISOWeek(); return int64(w) },
	} {
		define(map[string]function{name: strict(func(c call) any { return f(c.moment(0)) })})
	}
	for _, period := range []string{"day", "week", "month", "year"} {
		define(map[string]function{
			"startof" + period: strict(func(c call) any { return moment(later(begin(c.moment(0), period), period, c.whole(1, 0))) }),
			"endof" + period: strict(func(c call) any {
				next := later(begin(c.moment(0), period), period, c.whole(1, 0)+1)
				return moment(next.Add(-100 * time.Nanosecond))
			}),
		})
	}
	define(map[string]function{
		"dayofweek":     strict(func(c call) any { return value.Timespan(c.moment(0).Weekday()) * value.Day }),
		"datetime_diff": strict(dateDiff),
		"datetime_add":  strict(dateAdd),
		"datetime_part": strict(datePart),
		"unixtime_seconds_todatetime": strict(func(c call) any {
			return moment(time.Unix(0, 0).Add(time.Duration(c.whole(0, 0)) * time.Second))
		}),
	})
}

func (c call) moment(i int) time.Time { return c.args[i].(value.Datetime).Time() }

// moment is a time as a datetime, null outside the years 1 to 9999.
func moment(t time.Time) any {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return nil
	}
	return value.FromTime(t)
}

// begin is the beginning of the period in which t lies. Weeks begin on Sunday.
func begin(t time.Time, period string) time.Time {
	t = t.Truncate(24 * time.Hour)
	for !begins(t, period) {
		t = t.Add(-24 * time.Hour)
	}
	return t
}

// begins tells whether a period begins with the day t.
func begins(t time.Time, period string) bool {
	switch period {
	case "week":
		return t.Weekday() == time.Sunday
	case "month":
		return t.Day() == 1
	case "year":
		return t.YearDay() == 1
	}
	return true
}

// later is n periods on from the beginning of one.
func later(t time.Time, period string, n int64) time.Time {
	switch period {
	case "day":
		return t.AddDate(0, 0, int(n))
	case "week":
		return t.AddDate(0, 0, int(7*n))
	case "month":
		return t.AddDate(0, int(n), 0)
	}
	return t.AddDate(int(n), 0, 0)
}

var ticksOf = map[string]value.Timespan{"day": value.Day, "hour": value.Hour, "minute": value.Minute, "second": value.Second, "millisecond": value.Millisecond}

// dateDiff counts the borders between two moments.
func dateDiff(c call) any {
	a, b := c.moment(1), c.moment(2)
	switch part := strings.ToLower(c.textOf(0)); part {
	case "year":
		return int64(a.Year() - b.Year())
	case "month":
		return int64(12*a.Year() + int(a.Month()) - 12*b.Year() - int(b.Month()))
	case "week":
		return int64(begin(a, "week").Sub(begin(b, "week")) / (7 * 24 * time.Hour))
	default:
		length, ok := ticksOf[part]
		if !ok {
			unsupported("datetime_diff of %s", part)
		}
		return int64(c.args[1].(value.Datetime))/int64(length) - int64(c.args[2].(value.Datetime))/int64(length)
	}
}

// dateAdd keeps the day of the month, or takes the last of a shorter one.
func dateAdd(c call) any {
	n := c.whole(1, 0)
	switch part := strings.ToLower(c.textOf(0)); part {
	case "year":
		return addMonths(c.moment(2), 12*n)
	case "month":
		return addMonths(c.moment(2), n)
	default:
		length, ok := ticksOf[part]
		if !ok {
			unsupported("datetime_add of %s", part)
		}
		return like(c.args[2], int64(c.args[2].(value.Datetime))+n*int64(length))
	}
}

func addMonths(t time.Time, n int64) any {
	for back := 0; ; back++ {
		out := time.Date(t.Year(), t.Month()+time.Month(n), t.Day()-back, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		if out.Day() == t.Day()-back {
			return moment(out)
		}
	}
}

func datePart(c call) any {
	t := c.moment(1)
	switch part := strings.ToLower(c.textOf(0)); part {
	case "year":
		return int64(t.Year())
	case "month":
		return int64(t.Month())
	case "day":
		return int64(t.Day())
	case "hour":
		return int64(t.Hour())
	case "minute":
		return int64(t.Minute())
	case "second":
		return int64(t.Second())
	default:
		unsupported("datetime_part of %s", part)
		return nil
	}
}
