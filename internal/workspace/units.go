package workspace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseAge reads a length of time; d stands for days of 24 hours, as in "90d" or
// "1d12h". It is never negative.
func ParseAge(text string) (time.Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "0", text
	}
	n, err := strconv.ParseFloat(days, 64)
	d := time.Duration(n * float64(24*time.Hour))
	if err == nil && rest != "" {
		var more time.Duration
		more, err = time.ParseDuration(rest)
		d += more
	}
	if err != nil || text == "" || !(n >= 0 && n <= 100*365) || d < 0 {
		return 0, fmt.Errorf("%q is no length of time: write 90d, 36h or 1h30m", text)
	}
	return d, nil
}

// units are powers of ten, as disks and DuckDB count.
var units = []struct {
	name  string
	bytes float64
}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}, {"", 1}}

// ParseSize reads a number of bytes.
func ParseSize(text string) (int64, error) {
	upper := strings.ToUpper(strings.TrimSpace(text))
	for _, u := range units {
		number, ok := strings.CutSuffix(upper, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(n >= 0 && n*u.bytes < 1<<62) { // so that NaN is none
			break
		}
		return int64(n * u.bytes), nil
	}
	return 0, errors.New(strconv.Quote(text) + " is no size: write 10GB, 512MB or a number of bytes")
}

// FormatSize writes a number of bytes with three digits and a unit.
func FormatSize(n float64) string {
	for _, u := range units {
		if u.name != "" && n >= u.bytes && u.bytes > 1 {
			return fmt.Sprintf("%.3g %s", n/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%.0f B", n)
}
