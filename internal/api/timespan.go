package api

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// parseTimespan reads ISO 8601's ways to name a stretch of time: start/end,
// start/duration, duration/end, or a duration that ends now. "" is all time,
// two zero times.
func parseTimespan(s string, now time.Time) (from, to time.Time, err error) {
	first, second, two := strings.Cut(strings.TrimSpace(s), "/")
	if first == "" && !two {
		return from, to, nil
	}
	wrong := fmt.Errorf("the timespan %q is not of the form START/END, START/DURATION, DURATION/END or DURATION, "+
		"such as 2026-05-31T00:00:00Z/PT6H or P1D", s)
	begin, okBegin := parseMoment(first)
	end, okEnd := parseMoment(second)
	before, okBefore := parseDuration(first)
	after, okAfter := parseDuration(second)
	switch {
	case !two && okBefore:
		from, to = before.from(now, -1), now
	case okBegin && okEnd:
		from, to = begin, end
	case okBegin && okAfter:
		from, to = begin, after.from(begin, 1)
	case okBefore && okEnd:
		from, to = before.from(end, -1), end
	default:
		return from, to, wrong
	}
	for _, t := range []time.Time{from, to} {
		if t.Year() < 1 || t.Year() > 9999 {
			return from, to, fmt.Errorf("the timespan %q reaches out of the years 1 to 9999", s)
		}
	}
	if to.Before(from) {
		return from, to, fmt.Errorf("the timespan %q ends before it begins", s)
	}
	return from, bounded(to), nil
}

// bounded is a moment that is no zero time, which would be no bound: before the
// first moment there is nothing, and not everything.
func bounded(t time.Time) time.Time {
	if t.IsZero() {
		return t.Add(100 * time.Nanosecond)
	}
	return t
}

// momentForms are how a moment is written; without a zone it is UTC.
var momentForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02"}

func parseMoment(s string) (time.Time, bool) {
	for _, form := range momentForms {
		if t, err := time.Parse(form, strings.TrimSpace(s)); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// span is a length of time; months and years have none of their own.
type span struct {
	years, months, days int
	clock               time.Duration
}

// from adds the span to a moment, or takes it off with sign -1.
func (s span) from(t time.Time, sign int) time.Time {
	return t.AddDate(sign*s.years, sign*s.months, sign*s.days).Add(time.Duration(sign) * s.clock)
}

var durationForm = regexp.MustCompile(`^P(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$`)

// parseDuration reads ISO 8601's durations, such as P1D, PT2H30M and P1M.
func parseDuration(s string) (span, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	m := durationForm.FindStringSubmatch(s)
	if m == nil || strings.HasSuffix(s, "T") || s == "P" {
		return span{}, false
	}
	n := func(i int) int { v, _ := strconv.Atoi(m[i]); return v } // the form lets only digits through
	seconds, _ := strconv.ParseFloat("0"+m[7], 64)
	return span{n(1), n(2), 7*n(3) + n(4), time.Duration(n(5))*time.Hour + time.Duration(n(6))*time.Minute + time.Duration(seconds*1e9)}, true
}
