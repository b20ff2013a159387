package segment

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sekisho/sekisho/internal/logs"
)

var hubResource = logs.LowerID(fwHub.ResourceID)

// losses are those of a folder, without when they were noticed, and what of their
// reasons is enough to know them.
func losses(t *testing.T, f *Folder, reasons ...string) []Lost {
	t.Helper()
	got, err := f.Losses()
	must(t, err)
	for i := range got {
		if got[i].Noticed.IsZero() {
			t.Errorf("nobody noticed %+v", got[i])
		}
		got[i].Noticed = time.Time{}
		for _, r := range reasons {
			if strings.Contains(got[i].Reason, r) {
				got[i].Reason = r
			}
		}
	}
	return got
}

func expectLosses(t *testing.T, got []Lost, want ...Lost) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("losses (-want +got):\n%s", diff)
	}
}

// lostRows is the loss of a segment that is known.
func lostRows(i Info, reason string) Lost {
	return Lost{File: i.Name.String(), From: i.From, To: i.To, Rows: i.Rows, Reason: reason,
		Holds: []Held{{i.Name.Firewall, i.Name.Boot, i.Resource, Ranges{{i.Name.Sequence, i.Name.Sequence}}, i.Rows}}}
}

// Rows of files that are damaged or gone are owed, with what the list knows of
// them, until it is told; and not once more when the folder is opened again.
func TestRowsOfDamagedFilesAreOwed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{})
	take(t, f, 1, split(newTraffic(6).rows(500), 100)...)
	files := all(f)
	must(t, f.Close())
	must(t, os.Truncate(files[0].Path, files[0].Bytes/2))
	must(t, os.Remove(files[1].Path))
	must(t, os.Rename(files[2].Path, strings.Replace(files[2].Path, "~0", "~1", 1)))
	f = openFolder(t, root, Options{})
	must(t, f.SetAside(files[3].Name.String(), "a query says so"))
	want := map[string]Lost{}
	for i, reason := range []string{"does not end", "removed", "it says that it is", "a query says so"} {
		want[files[i].Name.String()] = lostRows(files[i], reason)
	}
	check := func(when string) {
		t.Helper()
		got := losses(t, f, "does not end", "removed", "it says that it is", "a query says so")
		if len(got) != len(want) {
			t.Errorf("%s: %d losses, want %d", when, len(got), len(want))
		}
		for _, l := range got {
			if diff := cmp.Diff(want[l.File], l); diff != "" {
				t.Errorf("%s: loss (-want +got):\n%s", when, diff)
			}
		}
	}
	check("at first")
	must(t, f.Close())
	f = openFolder(t, root, Options{})
	check("opened again")
	for name := range want {
		must(t, f.Told(name))
	}
	must(t, f.Close())
	f = openFolder(t, root, Options{})
	expectLosses(t, losses(t, f))
}

// A process that is killed between two steps of setting a file aside leaves the
// loss, and what it says.
func TestALossIsOwedWhenKilled(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{})
	take(t, f, 1, split(newTraffic(6).rows(200), 100)...)
	files := all(f)
	must(t, os.Mkdir(filepath.Join(root, damagedFolder), 0o700))
	damage(t, files[0].Path)
	must(t, f.owe(lostOf(&files[0]), "first")) // and was killed before the file was moved
	damage(t, files[1].Path)
	must(t, f.moveAside(files[1].Path, "second", lostOf(&files[1]))) // and before the list knew
	must(t, f.Close())
	f = openFolder(t, root, Options{})
	f.fan = []int{1}
	must(t, f.Merge(context.Background())) // meets the first once more
	expectLosses(t, losses(t, f), lostRows(files[1], "second"), lostRows(files[0], "first"))
	if got := all(f); len(got) != 0 {
		t.Errorf("%d segments are left", len(got))
	}
}

// Of what was never taken only the name is known, and of a name that is none not
// even that. What came before is not lost when it comes again as rubbish.
func TestADamagedDeliveryIsOwed(t *testing.T) {
	t.Parallel()
	f := openFolder(t, t.TempDir(), Options{})
	spool := t.TempDir()
	rubbish := func(name string) {
		t.Helper()
		path := filepath.Join(spool, name)
		must(t, os.WriteFile(path, []byte("x"), 0o600))
		if _, err := f.Take(path); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	take(t, f, 1, newTraffic(6).rows(100))
	rubbish(all(f)[0].Name.String())
	expectLosses(t, losses(t, f))
	n := nameOf(7)
	n.Table = "Connection"
	rubbish(n.String())
	rubbish("what.parquet")
	got := losses(t, f, "checksum", "Parquet", "bytes")
	if len(got) != 2 || got[0].To.Before(n.From) || got[1].To.IsZero() {
		t.Fatalf("losses %+v", got)
	}
	for i := range got {
		got[i].To, got[i].Reason = time.Time{}, ""
	}
	expectLosses(t, got,
		Lost{File: n.String(), From: n.From, Holds: []Held{{n.Firewall, n.Boot, hubResource, Ranges{{7, 7}}, 0}}},
		Lost{File: "what.parquet"})
}

// A file of which others have all rows is not missed, a merged one says whose rows
// it had, and how many of each firewall.
func TestTheLossOfMergedRows(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{})
	take(t, f, 1, split(newTraffic(6).rows(300), 100)...)
	other := newTraffic(7)
	w := NewWriter(logs.FlowTrace)
	w.Add(other.rows(50)...)
	n := nameOf(1)
	n.Firewall = "fw-other"
	info, err := w.Close(t.TempDir(), n, Meta{})
	must(t, err)
	if taken, err := f.Take(info.Path); err != nil || !taken {
		t.Fatal(taken, err)
	}
	before, err := os.ReadFile(filepath.Join(root, listFile))
	must(t, err)
	f.fan = []int{4, 60}
	must(t, f.Merge(context.Background()))
	must(t, f.Close())
	// The host lost power: the list is as it was, and the files are not.
	must(t, os.WriteFile(filepath.Join(root, listFile), before, 0o600))
	parts, err := filepath.Glob(filepath.Join(root, "*", "*", "*~0"+Ext))
	must(t, err)
	for _, p := range parts {
		must(t, os.Remove(p))
	}
	f = openFolder(t, root, Options{})
	expectLosses(t, losses(t, f))
	merged := all(f)[0]
	must(t, f.SetAside(merged.Name.String(), "x"))
	want := lostRows(merged, "x")
	want.Holds = []Held{{nameOf(1).Firewall, bootID, hubResource, Ranges{{1, 3}}, 300}, {"fw-other", bootID, hubResource, Ranges{{1, 1}}, 50}}
	expectLosses(t, losses(t, f), want)
}

// A file that was set aside may be put back: into its place or into a spool.
func TestAFileIsPutBack(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{Grace: time.Nanosecond})
	take(t, f, 1, split(newTraffic(6).rows(300), 100)...)
	files := all(f)
	for _, i := range files {
		must(t, f.SetAside(i.Name.String(), "x"))
	}
	aside := func(i int) string { return filepath.Join(root, damagedFolder, files[i].Name.String()) }
	spool := filepath.Join(t.TempDir(), filepath.Base(aside(0)))
	must(t, os.Rename(aside(0), spool))
	if taken, err := f.Take(spool); err != nil || !taken {
		t.Errorf("into a spool: taken %v, %v", taken, err)
	}
	must(t, f.Merge(context.Background())) // which deletes what is in no list any more
	must(t, f.Close())
	must(t, os.Rename(aside(1), files[1].Path))
	must(t, os.Remove(filepath.Join(root, damagedFolder, files[1].Name.String()+lostEnding)))
	for range 2 {
		f = openFolder(t, root, Options{})
		if got := all(f); len(got) != 2 || got[0].Rows+got[1].Rows != 200 {
			t.Errorf("put back: %v", got)
		}
		must(t, f.Close())
	}
}
