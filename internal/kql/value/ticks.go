package value

import (
	"fmt"
	"strings"
	"time"
)

// Datetime is a moment: ticks of 100 ns since 0001-01-01T00:00:00Z.
type Datetime int64

// Timespan is a length of time in ticks of 100 ns; it may be negative.
type Timespan int64

// Lengths of time in ticks.
const (
	Tick        Timespan = 1
	Microsecond          = 10 * Tick
	Millisecond          = 1000 * Microsecond
	Second               = 1000 * Millisecond
	Minute               = 60 * Second
	Hour                 = 60 * Minute
	Day                  = 24 * Hour
)

// MaxDatetime is the last tick of the year 9999, Kusto's last moment; the
// first is zero.
const MaxDatetime Datetime = 3155378975999999999

// unixEpoch is 1970-01-01 in ticks.
const unixEpoch Datetime = 621355968000000000

// UnixEpochTicks is 1970-01-01 in ticks, for SQL that converts.
const UnixEpochTicks = int64(unixEpoch)

// FromTime returns the moment t, without what is finer than a tick.
func FromTime(t time.Time) Datetime {
	return unixEpoch + Datetime(t.Unix())*Datetime(Second) + Datetime(t.Nanosecond()/100)
}

// FromUnixMicro returns the moment that many microseconds after 1970.
func FromUnixMicro(us int64) Datetime { return unixEpoch + Datetime(us)*Datetime(Microsecond) }

// UnixMicro returns the microseconds since 1970, rounded down.
func (d Datetime) UnixMicro() int64 {
	t := int64(d - unixEpoch)
	us := t / 10
	if t%10 < 0 {
		us--
	}
	return us
}

// Time returns the moment as Go's time in UTC.
func (d Datetime) Time() time.Time {
	t := d - unixEpoch
	return time.Unix(int64(t)/int64(Second), int64(t)%int64(Second)*100).UTC()
}

// Valid tells whether the moment lies in Kusto's years 1 to 9999.
func (d Datetime) Valid() bool { return d >= 0 && d <= MaxDatetime }

// String is ISO 8601 with seven digits, as Kusto shows it.
func (d Datetime) String() string { return d.Time().Format("2006-01-02T15:04:05.0000000Z") }

// String is [-][d.]hh:mm:ss[.fffffff], as Kusto shows it.
func (s Timespan) String() string {
	var b strings.Builder
	u := uint64(s)
	if s < 0 {
		b.WriteByte('-')
		u = -u
	}
	day := uint64(Day)
	if days := u / day; days > 0 {
		fmt.Fprintf(&b, "%d.", days)
	}
	u %= day
	fmt.Fprintf(&b, "%02d:%02d:%02d", u/uint64(Hour), u/uint64(Minute)%60, u/uint64(Second)%60)
	if f := u % uint64(Second); f > 0 {
		fmt.Fprintf(&b, ".%07d", f)
	}
	return b.String()
}
