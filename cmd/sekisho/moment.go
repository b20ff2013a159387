package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/workspace"
)

// timeForms are those of a moment without a zone, which is then local. One
// without a date is the last of that time of day: 23:30 is yesterday's at 00:10.
var timeForms = []string{time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", time.DateOnly, time.TimeOnly, "15:04"}

// parseTime reads a moment that a flag gives; empty is the zero time.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := workspace.ParseAge(strings.TrimPrefix(text, "-")); err == nil {
		return now.Add(-ago), nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, form := range timeForms {
		at, err := time.ParseInLocation(form, text, time.Local)
		if err != nil {
			continue
		}
		if at.Year() == 0 {
			y, m, d := now.Local().Date()
			at = time.Date(y, m, d, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.Local)
			if at.After(now) {
				at = at.AddDate(0, 0, -1)
			}
		}
		return at, nil
	}
	return time.Time{}, usagef("%s %q is no time: write 15:04:05, \"2006-01-02 15:04:05\", RFC 3339, or 10m for ten minutes ago", flag, text)
}

// parsePast is parseTime for a moment of which something is to be told. Of one
// that is still to come there can be nothing but what a clock that is ahead wrote:
// that is said, because who copies a time of another zone sees only an empty table.
func parsePast(flag, text string, now time.Time) (time.Time, error) {
	at, err := parseTime(flag, text, now)
	if err == nil && at.After(now) {
		fmt.Fprintf(os.Stderr, "sekisho: %s %s is in the future: it is %s now\n", flag, text, inBothZones(now))
	}
	return at, err
}

// inBothZones is a moment as people here and as rows write it.
func inBothZones(at time.Time) string {
	here, utc := at.Local().Format("2006-01-02 15:04:05 MST"), at.UTC().Format("2006-01-02 15:04:05 MST")
	if here == utc {
		return utc
	}
	return here + ", or " + utc
}

// isClock reports whether a moment is written as a time of day alone.
func isClock(text string) bool {
	for _, form := range []string{time.TimeOnly, "15:04"} {
		if _, err := time.Parse(form, text); err == nil {
			return true
		}
	}
	return false
}
