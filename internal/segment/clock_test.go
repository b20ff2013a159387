package segment

import (
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

const day = 24 * time.Hour

// takeAt takes a segment that a firewall wrote at that time, after a boot of its own.
func takeAt(tb testing.TB, f *Folder, boot string, at time.Time) {
	tb.Helper()
	w := NewWriter(logs.FlowTrace)
	w.Add(numbered(0, 10, at)...)
	info, err := w.Close(tb.TempDir(), Name{Firewall: "fw-hub", Boot: boot, Sequence: 1}, Meta{})
	must(tb, err)
	taken, err := f.Take(info.Path)
	if must(tb, err); !taken {
		tb.Fatalf("a segment of %v was not taken", at)
	}
}

// retained drops what is older than four days and some hours.
func retained(tb testing.TB, f *Folder, now time.Time) (left int) {
	tb.Helper()
	_, err := f.Retain(now, Policy{Default: Limit{Age: 4*day + 12*time.Hour}})
	must(tb, err)
	return len(all(f))
}

// A host comes up with a clock that is five years ahead, and writes rows of that time
// before NTP sets it; and does so again and again.
func TestAHostComesUpWithAClockAhead(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	begin := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	ahead := begin.AddDate(5, 0, 0)
	f := openFolder(t, root, Options{})
	days(t, f, 10, begin) // the newest is of the 10th
	for boot := range 5 {
		must(t, f.Close())
		f = openFolder(t, root, Options{Now: func() time.Time { return ahead }})
		// Of the 10th and a day ahead: the 7th and younger, and what came before.
		if left := retained(t, f, ahead); left != 4+boot {
			t.Errorf("boot %d: %d are left", boot, left)
		}
		takeAt(t, f, "boot-"+string(rune('a'+boot)), ahead)
		if left := retained(t, f, ahead); left != 4+boot+1 {
			t.Errorf("boot %d, when there is a row of that time: %d are left", boot, left)
		}
	}
	// The clock goes on, and is set right at last.
	f.clock.elapsed = func() time.Duration { return day }
	if left := retained(t, f, ahead); left != 2+5 {
		t.Errorf("a day later, which counts twice, %d are left", left)
	}
	if left := retained(t, f, begin.Add(10*day)); left != 2+5 {
		t.Errorf("when the clock is right %d are left", left)
	}
	must(t, f.Close())
	f = openFolder(t, root, Options{})
	f.clock.elapsed = func() time.Duration { return 30 * day }
	if left := retained(t, f, begin.Add(20*day)); left != 5 {
		t.Errorf("%d are left, want those of five years later", left)
	}
}

// A host that was off for a month catches up with the time, also over restarts.
func TestAHostThatWasOff(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	begin := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f := openFolder(t, root, Options{})
	days(t, f, 10, begin)
	now := begin.AddDate(0, 0, 39)
	for on := range 40 {
		must(t, f.Close())
		f = openFolder(t, root, Options{Now: func() time.Time { return now }})
		takeAt(t, f, "boot-"+now.Format(time.DateOnly), now)
		now = now.Add(day)
		f.clock.elapsed = func() time.Duration { return day }
		left := retained(t, f, now)
		switch {
		case on == 20 && left < 10:
			t.Errorf("after %d days %d days are left: a clock that may be wrong was believed", on, left)
		case on > 35 && left != 4:
			t.Errorf("after %d days %d days are left, want 4", on, left)
		}
	}
}

// A firewall whose clock is not set yet writes rows of 1970: they are kept as long as
// others.
func TestRowsOf1970AreKeptLikeOthers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	options := Options{Now: func() time.Time { return now }}
	f := openFolder(t, root, options)
	takeAt(t, f, "right", now)
	takeAt(t, f, "behind", time.Unix(100, 0))
	for range 2 { // also when it is opened again
		if left := retained(t, f, now.Add(time.Minute)); left != 2 {
			t.Errorf("%d are left, want 2", left)
		}
		must(t, f.Close())
		f = openFolder(t, root, options)
	}
	f.fan = []int{1, 100} // each is merged: what the list says must go on with it
	must(t, f.Merge(t.Context()))
	now = now.Add(4 * day)
	if left := retained(t, f, now); left != 2 {
		t.Errorf("merged, of four days: %d are left, want 2", left)
	}
	f.clock.elapsed = func() time.Duration { return 5 * day }
	takeAt(t, f, "later", now)
	if left := retained(t, f, now.Add(day)); left != 1 {
		t.Errorf("after five days: %d are left, want the last one", left)
	}
}
