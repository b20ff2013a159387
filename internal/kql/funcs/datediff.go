package funcs

import (
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// lengths are the periods of fixed length.
var lengths = map[string]value.Timespan{
	"week": 7 * value.Day, "day": value.Day, "hour": value.Hour, "minute": value.Minute, "second": value.Second,
	"millisecond": value.Millisecond, "microsecond": value.Microsecond, "nanosecond": 0,
}

// DateParts are the names that datetime_diff and datetime_add take.
var DateParts = []string{"year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond"}

// DatetimeParts are the names that datetime_part takes.
var DatetimeParts = []string{"year", "quarter", "month", "week_of_year", "weekofyear", "day", "dayofyear", "hour", "minute", "second",
	"millisecond", "microsecond", "nanosecond"}

func evalDatetimeAdd(c *Call) any {
	t, n := moment(c, 2), int(c.Int(1, 0))
	switch part := strings.ToLower(c.Str(0)); part {
	case "year":
		return addMonths(t, 12*n)
	case "quarter":
		return addMonths(t, 3*n)
	case "month":
		return addMonths(t, n)
	case "nanosecond":
		return value.Convert(int64(c.Args[2].(value.Datetime))+int64(n)/100, value.DatetimeType)
	default:
		length, ok := lengths[part]
		if !ok {
			return nil
		}
		return value.Convert(int64(c.Args[2].(value.Datetime))+int64(n)*int64(length), value.DatetimeType)
	}
}

// addMonths keeps the day, or takes the last of a shorter month.
func addMonths(t time.Time, n int) any {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return fromTime(first.AddDate(0, 0, min(t.Day(), last)-1))
}

// evalDatetimeDiff counts borders between b and a, negative where a is earlier.
func evalDatetimeDiff(c *Call) any {
	a, b := moment(c, 1), moment(c, 2)
	switch part := strings.ToLower(c.Str(0)); part {
	case "year":
		return int64(a.Year() - b.Year())
	case "quarter":
		return int64(quarters(a) - quarters(b))
	case "month":
		return int64(a.Year()-b.Year())*12 + int64(a.Month()-b.Month())
	case "week":
		return (int64(value.FromTime(startOfWeek(a, 0))) - int64(value.FromTime(startOfWeek(b, 0)))) / int64(7*value.Day)
	case "nanosecond":
		return int64(c.Args[1].(value.Datetime)-c.Args[2].(value.Datetime)) * 100
	default:
		length, ok := lengths[part]
		if !ok {
			return nil
		}
		return int64(c.Args[1].(value.Datetime))/int64(length) - int64(c.Args[2].(value.Datetime))/int64(length)
	}
}

func quarters(t time.Time) int { return t.Year()*4 + (int(t.Month())-1)/3 }

func evalDatetimePart(c *Call) any {
	t := moment(c, 1)
	d := int64(c.Args[1].(value.Datetime))
	_, week := t.ISOWeek()
	n, ok := map[string]int{
		"year": t.Year(), "quarter": (int(t.Month())-1)/3 + 1, "month": int(t.Month()), "week_of_year": week, "weekofyear": week,
		"day": t.Day(), "dayofyear": t.YearDay(), "hour": t.Hour(), "minute": t.Minute(), "second": t.Second(),
		"millisecond": int(d / int64(value.Millisecond) % 1000), "microsecond": int(d / int64(value.Microsecond) % 1e6),
		"nanosecond": int(d % int64(value.Second) * 100),
	}[strings.ToLower(c.Str(0))]
	if !ok {
		return nil
	}
	return int64(n)
}
