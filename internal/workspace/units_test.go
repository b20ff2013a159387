package workspace

import (
	"testing"
	"time"
)

func TestParseAge(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{"90d": 90 * day, "36h": 36 * time.Hour, "1d12h": 36 * time.Hour, "1h30m": 90 * time.Minute, "0.5d": 12 * time.Hour, "0s": 0} {
		if got, err := ParseAge(text); err != nil || got != want {
			t.Errorf("ParseAge(%s) = %v, error %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "a day", "-1d", "-5m", "1d-2h30", "1e300d", "NaNd", "99999999999999999999h", "10"} {
		if got, err := ParseAge(text); err == nil {
			t.Errorf("ParseAge(%q) = %v", text, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"10GB": 10e9, "512mb": 512e6, "1.5 TB": 15e11, "4096": 4096, "7B": 7, "0": 0} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%s) = %d, error %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GB", "-1GB", "1e30", "NaN", "ten", "5 XB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d", text, got)
		}
	}
	for n, want := range map[float64]string{0: "0 B", 999: "999 B", 1536: "1.54 KB", 2.5e9: "2.5 GB", 7e12: "7 TB"} {
		if got := FormatSize(n); got != want {
			t.Errorf("FormatSize(%v) = %s, want %s", n, got, want)
		}
	}
}
