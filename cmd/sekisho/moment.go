package main

import (
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/workspace"
)

// timeForms are those of a moment without a zone, which is then local; without
// a date it is today's.
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
		}
		return at, nil
	}
	return time.Time{}, usagef("%s %q is no time: write 15:04:05, \"2006-01-02 15:04:05\", RFC 3339, or 10m for ten minutes ago", flag, text)
}
