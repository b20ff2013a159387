package funcs

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	part := func(name, doc string, f func(time.Time) int64) *Func {
		return &Func{Name: name, Sig: "date:datetime", Returns: value.LongType, Doc: doc,
			Eval: func(c *Call) any { return f(moment(c, 0)) }}
	}
	border := func(name, doc string, naming Naming, f func(t time.Time, offset int) time.Time, end bool) *Func {
		return &Func{Name: name, Sig: "date:datetime offset:integer?", Returns: value.DatetimeType, Naming: naming, Doc: doc,
			Eval: func(c *Call) any { return evalBorder(c, f, end) }}
	}
	register(Scalar, "dates and times", []*Func{
		part("dayofmonth", "Gives the day of the month.", func(t time.Time) int64 { return int64(t.Day()) }),
		part("dayofyear", "Gives the day of the year.", func(t time.Time) int64 { return int64(t.YearDay()) }),
		part("hourofday", "Gives the hour of the day.", func(t time.Time) int64 { return int64(t.Hour()) }),
		part("monthofyear", "Gives the month of the year.", func(t time.Time) int64 { return int64(t.Month()) }),
		part("getmonth", "Gives the month of the year.", func(t time.Time) int64 { return int64(t.Month()) }),
		part("getyear", "Gives the year.", func(t time.Time) int64 { return int64(t.Year()) }),
		part("week_of_year", "Gives the week of the year after ISO 8601.", func(t time.Time) int64 { _, w := t.ISOWeek(); return int64(w) }),
		part("weekofyear", "Gives the week of the year after ISO 8601.", func(t time.Time) int64 { _, w := t.ISOWeek(); return int64(w) }),
		{Name: "dayofweek", Sig: "date:datetime", Returns: value.TimespanType, Doc: "Gives the days since Sunday as a timespan.", Eval: func(c *Call) any {
			return value.Timespan(moment(c, 0).Weekday()) * value.Day
		}},
		border("startofday", "Gives the beginning of the day, offset days on.", FirstArg, startOfDay, false),
		border("startofweek", "Gives the beginning of the week, a Sunday, offset weeks on.", Unnamed, startOfWeek, false),
		border("startofmonth", "Gives the beginning of the month, offset months on.", Unnamed, startOfMonth, false),
		border("startofyear", "Gives the beginning of the year, offset years on.", Unnamed, startOfYear, false),
		border("endofday", "Gives the last tick of the day, offset days on.", Unnamed, startOfDay, true),
		border("endofweek", "Gives the last tick of the week, offset weeks on.", Unnamed, startOfWeek, true),
		border("endofmonth", "Gives the last tick of the month, offset months on.", Unnamed, startOfMonth, true),
		border("endofyear", "Gives the last tick of the year, offset years on.", Unnamed, startOfYear, true),
		{Name: "datetime_part", Sig: "part:string! date:datetime", Returns: value.LongType, Doc: "Gives a part of a moment by its name, such as 'Hour'.", Eval: evalDatetimePart},
		{Name: "datetime_add", Sig: "part:string! amount:integer date:datetime", Returns: value.DatetimeType, Doc: "Adds an amount of a period such as 'month' to a moment.", Eval: evalDatetimeAdd},
		{Name: "datetime_diff", Sig: "part:string! a:datetime b:datetime", Returns: value.LongType, Doc: "Counts the borders of a period such as 'month' between two moments.", Eval: evalDatetimeDiff},
		{Name: "make_datetime", Sig: "year:any month:number? day:number? hour:number? minute:number? second:number?", Returns: value.DatetimeType, Naming: FirstArg, Doc: "Makes a moment of its parts.", Resolve: resolveMakeDatetime, Eval: evalMakeDatetime},
		{Name: "make_timespan", Sig: "a:any b:number? c:number? d:number?", Returns: value.TimespanType, Naming: FirstArg, Doc: "Makes a timespan of hours, minutes and seconds, or of days and these.", Resolve: resolveMakeTimespan, Eval: evalMakeTimespan},
		unixTime("unixtime_seconds_todatetime", value.Second), unixTime("unixtime_milliseconds_todatetime", value.Millisecond),
		unixTime("unixtime_microseconds_todatetime", value.Microsecond), unixTime("unixtime_nanoseconds_todatetime", 0),
		{Name: "now", Sig: "offset:timespan?", Returns: value.DatetimeType, Volatile: true, Doc: "Gives the time at which the query began, plus an offset.", Eval: func(*Call) any { return nil }},
		{Name: "ago", Sig: "span:timespan", Returns: value.DatetimeType, Volatile: true, Doc: "Gives the time at which the query began, minus a timespan.", Eval: func(*Call) any { return nil }},
		{Name: "datepart", Hidden: true, Sig: "part:string! date:datetime", Returns: value.IntType, Doc: "Is datetime_part.", Eval: evalDatetimePart},
		{Name: "datetime_utc_to_local", Sig: "from:datetime timezone:string", Returns: value.DatetimeType, Doc: "Converts a moment in UTC to the time of a zone.", Eval: evalZone(true)},
		{Name: "datetime_local_to_utc", Sig: "from:datetime timezone:string", Returns: value.DatetimeType, Doc: "Converts the time of a zone to UTC.", Eval: evalZone(false)},
	})
}

// moment returns argument i, a datetime, as Go's time.
func moment(c *Call, i int) time.Time {
	d, _ := c.Args[i].(value.Datetime)
	return d.Time()
}

// fromTime returns a time as a datetime, null outside Kusto's years.
func fromTime(t time.Time) any {
	if t.Year() < 1 || t.Year() > 9999 {
		return nil
	}
	return value.FromTime(t)
}

func startOfDay(t time.Time, n int) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day()+n, 0, 0, 0, 0, time.UTC)
}

func startOfWeek(t time.Time, n int) time.Time {
	return startOfDay(t, 7*n-int(t.Weekday()))
}

func startOfMonth(t time.Time, n int) time.Time {
	return time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
}

func startOfYear(t time.Time, n int) time.Time {
	return time.Date(t.Year()+n, 1, 1, 0, 0, 0, 0, time.UTC)
}

func evalBorder(c *Call, f func(time.Time, int) time.Time, end bool) any {
	n := int(c.Int(1, 0))
	if n > 4e6 || n < -4e6 {
		return nil
	}
	if !end {
		return fromTime(f(moment(c, 0), n))
	}
	t := f(moment(c, 0), n+1)
	if t.Year() == 10000 && t.YearDay() == 1 {
		return value.MaxDatetime
	}
	return fromTime(t.Add(-100))
}

func unixTime(name string, unit value.Timespan) *Func {
	return &Func{Name: name, Sig: "number:number", Returns: value.DatetimeType,
		Doc: "Makes a moment of the time since 1970.",
		Eval: func(c *Call) any {
			if unit == 0 {
				return value.Convert(value.UnixEpochTicks+c.Int(0, 0)/100, value.DatetimeType)
			}
			const most = int64(value.MaxDatetime) // ticks: farther away there is no moment
			if n, ok := c.Args[0].(int64); ok {
				if limit := most / int64(unit); n < -limit || n > limit {
					return nil
				}
				return value.Convert(value.UnixEpochTicks+n*int64(unit), value.DatetimeType)
			}
			ticks := c.Real(0, 0) * float64(unit)
			if !(math.Abs(ticks) <= float64(most)) {
				return nil
			}
			return value.Convert(value.UnixEpochTicks+int64(ticks), value.DatetimeType)
		}}
}

// resolveMakeDatetime takes one value to convert, or at least year, month, day.
func resolveMakeDatetime(args []value.Type) ([]value.Type, value.Type, error) {
	if len(args) == 2 {
		return nil, value.DatetimeType, errors.New("make_datetime takes a value, or year, month and day, and a time if need be")
	}
	return args, value.DatetimeType, allNumbers(args)
}

func resolveMakeTimespan(args []value.Type) ([]value.Type, value.Type, error) {
	return args, value.TimespanType, allNumbers(args)
}

// allNumbers refuses several parts of which one is no number.
func allNumbers(args []value.Type) error {
	for _, t := range args {
		if len(args) > 1 && !t.IsNumber() && t != value.Unknown {
			return fmt.Errorf("the parts must be numbers, not %s", t)
		}
	}
	return nil
}

func evalMakeDatetime(c *Call) any {
	if len(c.Args) == 1 {
		return value.Convert(c.Args[0], value.DatetimeType)
	}
	y, mo, d := c.Int(0, 0), c.Int(1, 1), c.Int(2, 1)
	h, mi, s := c.Int(3, 0), c.Int(4, 0), c.Real(5, 0)
	if y < 1 || y > 9999 || mo < 1 || mo > 12 || d < 1 || d > 31 || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s >= 60 {
		return nil
	}
	t := time.Date(int(y), time.Month(mo), int(d), int(h), int(mi), 0, 0, time.UTC)
	if t.Day() != int(d) {
		return nil
	}
	return value.FromTime(t) + value.Datetime(s*float64(value.Second)+0.5)
}

// evalMakeTimespan takes h, m; h, m, s; or d, h, m, s.
func evalMakeTimespan(c *Call) any {
	if len(c.Args) == 1 {
		return value.Convert(c.Args[0], value.TimespanType)
	}
	days, at := int64(0), 0
	if len(c.Args) == 4 {
		days, at = c.Int(0, 0), 1
	}
	h, m, s := c.Int(at, 0), c.Int(at+1, 0), c.Real(at+2, 0)
	if h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s >= 60 || days < 0 {
		return nil
	}
	return value.Timespan(days)*value.Day + value.Timespan(h)*value.Hour + value.Timespan(m)*value.Minute +
		value.Timespan(s*float64(value.Second)+0.5)
}
