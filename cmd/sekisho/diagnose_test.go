package main

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/topology"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.Local)
	tests := map[string]time.Time{
		"":                     {},
		"10m":                  now.Add(-10 * time.Minute),
		"-90s":                 now.Add(-90 * time.Second),
		"09:30:05":             time.Date(2026, 5, 4, 9, 30, 5, 0, time.Local),
		"12:00":                now,
		"12:01":                time.Date(2026, 5, 3, 12, 1, 0, 0, time.Local),
		"2026-05-03 09:30:05":  time.Date(2026, 5, 3, 9, 30, 5, 0, time.Local),
		"2026-05-03T09:30:05Z": time.Date(2026, 5, 3, 9, 30, 5, 0, time.UTC),
	}
	for text, want := range tests {
		got, err := parseTime("--at", text, now)
		if err != nil || !got.Equal(want) {
			t.Errorf("parseTime(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
	if _, err := parseTime("--at", "noon", now); err == nil {
		t.Error("parseTime(noon) has no error")
	}
}

func TestParseRange(t *testing.T) {
	t.Parallel()
	day := func(d, hour, minute int) time.Time { return time.Date(2026, 5, d, hour, minute, 0, 0, time.Local) }
	for _, c := range []struct {
		now          time.Time
		since, until string
		from, to     time.Time
	}{
		{day(4, 0, 10), "23:00", "23:30", day(3, 23, 0), day(3, 23, 30)},
		{day(4, 0, 10), "23:30", "00:05", day(3, 23, 30), day(4, 0, 5)},
		{day(4, 0, 10), "22:00", "02:00", day(3, 22, 0), day(4, 2, 0)},
		{day(4, 15, 0), "14:00", "16:00", day(4, 14, 0), day(4, 16, 0)},
		{day(4, 15, 0), "14:00", "", day(4, 14, 0), time.Time{}},
	} {
		from, to, err := parseRange(c.since, c.until, c.now)
		if err != nil || !from.Equal(c.from) || !to.Equal(c.to) {
			t.Errorf("at %v --since %s --until %s: %v to %v, error %v; want %v to %v", c.now, c.since, c.until, from, to, err, c.from, c.to)
		}
	}
	if _, _, err := parseRange("1h", "2h", day(4, 0, 0)); exitCode(err) != exitUsage {
		t.Errorf("an end before the beginning: error %v", err)
	}
}

func TestAnEndOfYesterdayIsTold(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 15, 0, 0, 0, time.Local)
	for until, told := range map[string]bool{"14:00": false, "16:00": true, "2h": false, "30h": false, "": false, "2026-05-03 16:00": false} {
		_, to, err := parseRange("", until, now)
		if got := yesterdays(until, to, now); err != nil || strings.HasPrefix(got, "sekisho: --until 16:00 is yesterday's: 2026-05-03 16:00:00 ") != told {
			t.Errorf("--until %q: error %v, told %q", until, err, got)
		}
	}
	if got, want := inBothZones(now.UTC()), now.UTC().Format("2006-01-02 15:04:05 UTC"); !strings.HasSuffix(got, want) || strings.Count(got, want) != 1 {
		t.Errorf("in both zones: %q", got)
	}
}

func TestParseEnd(t *testing.T) {
	t.Parallel()
	topo, _, err := topology.ReadFile("../../topologies/spoke-hub-spoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"10.1.1.4":     "10.1.1.4:0",
		"10.1.1.4:22":  "10.1.1.4:22",
		"[fd00::1]:22": "[fd00::1]:22",
		"fd00::1":      "[fd00::1]:0",
		"vm-hub":       "10.1.0.68:0",
		"vm-hub:443":   "10.1.0.68:443",
		"web:80":       "203.0.113.10:80",
	}
	for text, want := range tests {
		got, err := parseEnd(topo, text)
		if err != nil || got != netip.MustParseAddrPort(want) {
			t.Errorf("parseEnd(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"vm-hup:22", "vm-hub:ssh", "vm-hub:70000", ""} {
		if got, err := parseEnd(topo, text); err == nil {
			t.Errorf("parseEnd(%q) = %v without error", text, got)
		}
	}
}
