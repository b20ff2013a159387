package segment

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/logs"
)

// copied is a copy of a segment's file in a spool.
func copied(tb testing.TB, path string) string {
	tb.Helper()
	data, err := os.ReadFile(path)
	must(tb, err)
	spool := filepath.Join(tb.TempDir(), filepath.Base(path))
	must(tb, os.WriteFile(spool, data, 0o600))
	return spool
}

// merged is a folder with one segment, merged from so many; and a copy of its file.
func merged(tb testing.TB, root string, segments int) (f *Folder, file string) {
	tb.Helper()
	f = openFolder(tb, root, Options{Grace: time.Nanosecond})
	take(tb, f, 1, split(newTraffic(6).rows(100*segments), 100)...)
	f.fan = []int{segments, 100}
	must(tb, f.Merge(tb.Context()))
	return f, copied(tb, all(f)[0].Path)
}

// A merged segment that was damaged comes back from a backup, into the folder that
// merged it or into another, once.
func TestAMergedSegmentComesBack(t *testing.T) {
	t.Parallel()
	f, backup := merged(t, t.TempDir(), 20)
	if taken, err := f.Take(copied(t, backup)); taken || err != nil {
		t.Errorf("while it is there: taken %v, %v", taken, err)
	}
	want := all(f)
	rows := contents(t, want)
	must(t, f.SetAside(want[0].Name.String(), "a disk"))
	for _, folder := range []*Folder{f, openFolder(t, t.TempDir(), Options{})} {
		for n := range 2 {
			if taken, err := folder.Take(copied(t, backup)); err != nil || taken != (n == 0) {
				t.Errorf("time %d: taken %v, %v", n, taken, err)
			}
		}
		got := all(folder)
		if len(got) != 1 {
			t.Fatalf("%d segments", len(got))
		}
		if diff := cmp.Diff(rows, contents(t, got)); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		// What it was merged from is known with it.
		if taken, err := folder.Take(closed(t, 7, newTraffic(6).rows(700)[600:]).Path); taken || err != nil {
			t.Errorf("one of its parts: taken %v, %v", taken, err)
		}
	}
}

// Of one with rows of which some are there none is taken, and it stays in nobody's way.
func TestAMergedSegmentOfWhichSomeIsThere(t *testing.T) {
	t.Parallel()
	_, file := merged(t, t.TempDir(), 20)
	f := openFolder(t, t.TempDir(), Options{})
	take(t, f, 3, newTraffic(6).rows(100))
	var damaged *DamagedError
	if taken, err := f.Take(file); taken || !errors.As(err, &damaged) || !errors.Is(err, errPartly) {
		t.Errorf("taken %v, %v", taken, err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("it is still in the spool")
	}
	if _, err := os.Stat(filepath.Join(f.root, damagedFolder, filepath.Base(file)+".txt")); err != nil || len(all(f)) != 1 {
		t.Errorf("the report: %v; %d segments", err, len(all(f)))
	}
	losses(t, f) // no row that was there is lost
}

// What is the folder's own is not taken for a second delivery, and deleted.
func TestTheFolderIsNoSpool(t *testing.T) {
	t.Parallel()
	f := openFolder(t, t.TempDir(), Options{})
	take(t, f, 1, newTraffic(6).rows(100))
	path := all(f)[0].Path
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(filepath.Dir(path), link))
	for _, p := range []string{path, filepath.Join(link, filepath.Base(path))} {
		if taken, err := f.Take(p); taken || err == nil || !strings.Contains(err.Error(), "which must be no spool") {
			t.Errorf("taken %v, %v", taken, err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// A firewall's id is its resource group's name and its own, of 64 letters each. The
// names of all files that are made of a segment fit into 255 bytes.
func TestTheLongestFirewall(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("g", 64) + "-" + strings.Repeat("f", 64)
	for _, table := range []*logs.Table{logs.FlowTrace, logs.NetworkRule, logs.Connection, logs.CaptureLoss, logs.CaptureState, logs.KernelDrop} {
		n := Name{Table: table.Name, Firewall: id, Boot: bootID, Sequence: 1, From: time.Unix(1e9, 0)}
		if _, err := ParseName(n.String()); err != nil {
			t.Error(err)
		}
		if file := n.String() + lostEnding + temporary; len(file) > 255 {
			t.Errorf("%s has %d bytes", file, len(file))
		}
	}
	w := NewWriter(logs.FlowTrace)
	w.Add(newTraffic(6).rows(10)...)
	info, err := w.Close(t.TempDir(), Name{Firewall: id, Boot: bootID, Sequence: 1}, Meta{})
	must(t, err)
	f := openFolder(t, t.TempDir(), Options{})
	if taken, err := f.Take(info.Path); !taken || err != nil {
		t.Errorf("taken %v, %v", taken, err)
	}
}
