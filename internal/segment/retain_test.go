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

// One byte too many takes the oldest rows, and not most of them: no file has more than
// a part of what there may be.
func TestASizeTakesFewRowsAtATime(t *testing.T) {
	t.Parallel()
	f := openFolder(t, t.TempDir(), Options{})
	f.fan = []int{4, 4, 4}
	const limit, each = 400_000, 200
	var kept, rows int64
	traffic := newTraffic(3)
	for n, part := range split(traffic.rows(200*each), each) {
		take(t, f, uint64(n+1), part)
		rows += each
		dropped, err := f.Retain(traffic.begin.Add(time.Hour), Policy{Default: Limit{Bytes: limit}})
		must(t, err)
		must(t, f.Merge(t.Context()))
		var bytes, left int64
		for _, i := range all(f) {
			bytes, left = bytes+i.Bytes, left+i.Rows
		}
		if lost := rows - left; dropped > 0 && (lost > 2*rows/mergedShare || kept == 0 && bytes < limit*3/4) {
			t.Fatalf("after %d segments %d of %d rows went, %d bytes are left", n, lost, rows, bytes)
		}
		if dropped > 0 {
			kept++
		}
		rows = left
	}
	if kept == 0 || len(all(f)) > 100 {
		t.Errorf("dropped %d times, %d segments are left", kept, len(all(f)))
	}
}

// Rows of the future find no room before others.
func TestRowsOfTheFutureDoNotKeepOthersOut(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 10, 12, 0, 0, 0, time.UTC)
	infos := []*Info{{Name: nameOf(1), To: now.AddDate(5, 0, 0), Bytes: 10}}
	for n := range 6 {
		infos = append(infos, &Info{Name: nameOf(uint64(n + 2)), To: now.Add(-time.Duration(n) * time.Hour), Bytes: 10})
	}
	if got := (Limit{Bytes: 60}).beyond(infos, now, now); len(got) != 1 || got[0] != infos[0].Name.String() {
		t.Errorf("dropped %v, want the one of the future", got)
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
