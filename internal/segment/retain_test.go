package segment

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/logs"
)

// days takes a segment of each of so many days.
func days(tb testing.TB, f *Folder, n int, begin time.Time) {
	tb.Helper()
	for i := range n {
		take(tb, f, uint64(i+1), numbered(0, 10, begin.AddDate(0, 0, i)))
	}
}

func TestRetain(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	end := begin.Add(9 * day) // of the newest of ten segments
	size := closed(t, 1, numbered(0, 10, begin)).Bytes
	for name, c := range map[string]struct {
		now    time.Time
		policy Policy
		left   int
	}{
		"nothing":                        {end, Policy{}, 10},
		"by age":                         {end, Policy{Default: Limit{Age: 3*day + time.Hour}}, 4},
		"by age, an hour later":          {end.Add(2 * time.Hour), Policy{Default: Limit{Age: 3*day + time.Hour}}, 3},
		"by size":                        {end, Policy{Default: Limit{Bytes: 2*size + size/2}}, 2},
		"by both":                        {end, Policy{Default: Limit{Age: 3*day + time.Hour, Bytes: 8 * size}}, 4},
		"of another table":               {end, Policy{Tables: map[string]Limit{"Connection": {Age: time.Hour}}}, 10},
		"of this table, not default":     {end, Policy{Default: Limit{Age: time.Hour}, Tables: map[string]Limit{logs.FlowTrace.Name: {Age: 6*day + time.Hour}}}, 7},
		"the clock jumps ten years on":   {end.AddDate(10, 0, 0), Policy{Default: Limit{Age: 5*day + time.Hour}}, 5},
		"the clock jumps ten years back": {end.AddDate(-10, 0, 0), Policy{Default: Limit{Age: 5 * day}}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := openFolder(t, t.TempDir(), Options{})
			days(t, f, 10, begin)
			dropped, err := f.Retain(c.now, c.policy)
			if must(t, err); dropped != 10-c.left || len(all(f)) != c.left {
				t.Errorf("dropped %d, %d are left, want %d", dropped, len(all(f)), c.left)
			}
			if left := all(f); len(left) > 0 && !left[0].From.After(end.Add(-time.Minute)) {
				t.Errorf("the newest is of %v", left[0].From)
			}
		})
	}
}

// Of a source whose rows are all too old nothing is remembered: so memory does
// not grow with each boot of a host.
func TestWhatIsTooOldIsForgotten(t *testing.T) {
	t.Parallel()
	f := openFolder(t, t.TempDir(), Options{})
	begin := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	days(t, f, 3, begin)
	w := NewWriter(logs.FlowTrace)
	w.Add(numbered(0, 1, begin.AddDate(0, 0, 20))[0])
	info, err := w.Close(t.TempDir(), Name{Firewall: "fw-hub", Boot: "after-a-reboot", Sequence: 1}, Meta{})
	must(t, err)
	_, err = f.Take(info.Path)
	must(t, err)
	_, err = f.Retain(begin.AddDate(0, 0, 20), Policy{Default: Limit{Age: 7 * 24 * time.Hour}})
	if must(t, err); len(f.state.known) != 1 || len(all(f)) != 1 {
		t.Errorf("known %v, %d segments", f.state.known, len(all(f)))
	}
}

func TestRangesAreASet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r, other Ranges
		set := map[uint64]bool{}
		for range rapid.IntRange(0, 30).Draw(t, "adds") {
			from := rapid.Uint64Range(1, 60).Draw(t, "from")
			to := from + rapid.Uint64Range(0, 5).Draw(t, "more")
			r = r.AddRange(from, to)
			for n := from; n <= to; n++ {
				set[n] = true
			}
		}
		for n := range uint64(70) {
			if r.Has(n) != set[n] {
				t.Fatalf("%v: has %d: %v", r, n, r.Has(n))
			}
		}
		for i := 1; i < len(r); i++ {
			if r[i][0] <= r[i-1][1]+1 {
				t.Fatalf("%v are not in order", r)
			}
		}
		covers, overlaps := true, false
		for range rapid.IntRange(1, 4).Draw(t, "others") {
			n := rapid.Uint64Range(1, 70).Draw(t, "other")
			other = other.Add(n)
			covers, overlaps = covers && set[n], overlaps || set[n]
		}
		if r.Covers(other) != covers || r.Overlaps(other) != overlaps {
			t.Fatalf("%v, %v: covers %v, overlaps %v", r, other, covers, overlaps)
		}
	})
}
