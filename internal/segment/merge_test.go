package segment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/logs"
)

// contents are the rows of segments as DuckDB reads them, in no order.
func contents(tb testing.TB, infos []Info) []string {
	tb.Helper()
	if len(infos) == 0 {
		return nil
	}
	var paths []string
	for _, i := range infos {
		paths = append(paths, "'"+i.Path+"'")
	}
	var rows []string
	for _, r := range duck(tb, fmt.Sprintf("SELECT * FROM read_parquet([%s])", strings.Join(paths, ","))) {
		rows = append(rows, fmt.Sprint(r...))
	}
	slices.Sort(rows)
	return rows
}

// A merge changes neither what a query sees that has begun nor one that begins.
func TestMergeChangesNothingThatIsSeen(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{Grace: time.Nanosecond, Program: "test"})
	take(t, f, 1, split(newTraffic(2).rows(2500), 100)...)
	g := f.Pin()
	before := g.Segments(logs.FlowTrace.Name, time.Time{}, time.Time{})
	want := contents(t, before)
	must(t, f.Merge(context.Background()))
	after := all(f)
	if len(after) != 1 || after[0].Rows != 2500 || after[0].Name.Level == 0 {
		t.Fatalf("after the merge: %+v", after)
	}
	if diff := cmp.Diff(want, contents(t, after)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(want, contents(t, g.Segments(logs.FlowTrace.Name, time.Time{}, time.Time{}))); diff != "" {
		t.Errorf("pinned (-before +after):\n%s", diff)
	}
	if after[0].Bytes*2 > sum(before) {
		t.Errorf("%d bytes of %d", after[0].Bytes, sum(before))
	}
	probe := func(id any) (may bool) {
		for _, r := range duck(t, fmt.Sprintf("SELECT bloom_filter_excludes FROM parquet_bloom_probe('%s', 'ConnectionId', '%s')", after[0].Path, id)) {
			may = may || !r[0].(bool)
		}
		return may
	}
	for _, r := range duck(t, fmt.Sprintf("SELECT DISTINCT ConnectionId FROM read_parquet('%s') LIMIT 20", after[0].Path)) {
		if !probe(r[0]) {
			t.Errorf("the filter does not have %s", r[0])
		}
	}
	if probe("0123456789abcdef") && probe("fedcba9876543210") {
		t.Error("the filter has everything")
	}
	g.Release()
	must(t, f.Merge(context.Background()))
	if files := parquetFiles(t, root); len(files) != 1 {
		t.Errorf("files %v", files)
	}
	for _, n := range []uint64{1, 17, 25} { // what was merged away is known
		if taken, err := f.Take(closed(t, n, newTraffic(2).rows(10)).Path); taken || err != nil {
			t.Errorf("segment %d was taken again: %v", n, err)
		}
	}
}

func sum(infos []Info) (bytes int64) {
	for _, i := range infos {
		bytes += i.Bytes
	}
	return bytes
}

func parquetFiles(tb testing.TB, root string) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(root, "*", "*", "*"))
	must(tb, err)
	return files
}

// Whichever of old files, new file and list a crash leaves, each row is there
// once.
func TestWhatACrashOfAMergeLeaves(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	f := openFolder(t, source, Options{Grace: time.Hour})
	take(t, f, 1, split(newTraffic(3).rows(220), 10)...)
	want := contents(t, all(f))
	list, err := os.ReadFile(filepath.Join(source, listFile))
	must(t, err)
	must(t, f.Merge(context.Background()))
	must(t, f.Close())
	files := parquetFiles(t, source)
	if len(files) != 23 {
		t.Fatalf("%d files", len(files))
	}
	for _, c := range []struct {
		name string
		do   func(root string) error
	}{
		{"the list not yet written", func(root string) error { return os.WriteFile(filepath.Join(root, listFile), list, 0o600) }},
		{"the list half written", func(root string) error {
			whole, err := os.ReadFile(filepath.Join(root, listFile))
			must(t, err)
			return os.WriteFile(filepath.Join(root, listFile), whole[:len(list)+20], 0o600)
		}},
		{"no list", func(root string) error { return os.Remove(filepath.Join(root, listFile)) }},
		{"a list of nonsense", func(root string) error {
			return os.WriteFile(filepath.Join(root, listFile), []byte("nonsense\n"), 0o600)
		}},
		{"some of the old deleted", func(root string) error {
			for _, file := range parquetFiles(t, root) {
				if strings.HasSuffix(file, "5~0.parquet") {
					must(t, os.Remove(file))
				}
			}
			return os.Remove(filepath.Join(root, listFile))
		}},
		{"a file being written", func(root string) error {
			return os.WriteFile(parquetFiles(t, root)[0]+temporary, []byte("PAR1"), 0o600)
		}},
	} {
		root := t.TempDir()
		must(t, os.CopyFS(root, os.DirFS(source)))
		must(t, c.do(root))
		for _, readOnly := range []bool{true, false} {
			f := openFolder(t, root, Options{ReadOnly: readOnly})
			if diff := cmp.Diff(want, contents(t, all(f))); diff != "" {
				t.Errorf("%s, reading only: %v (-want +got):\n%s", c.name, readOnly, diff)
			}
			must(t, f.Close())
		}
		if files := parquetFiles(t, root); len(files) != 1 {
			t.Errorf("%s: %d files are left", c.name, len(files))
		}
	}
}

// TestADayThatIsOver is merged at once, and into what has no filter of keys: that
// is for files that are merged again soon.
func TestADayThatIsOver(t *testing.T) {
	t.Parallel()
	rows := newTraffic(3).rows(2500)
	for _, c := range []struct {
		later time.Duration
		level int
		keyed bool
	}{{time.Minute, 1, true}, {49 * time.Hour, lateLevel, false}} {
		f := openFolder(t, t.TempDir(), Options{Now: func() time.Time { return rows[0].Time().Add(c.later) }})
		take(t, f, 1, split(rows, 100)...)
		must(t, f.Merge(context.Background()))
		got := all(f)
		if len(got) != 1 || got[0].Name.Level != c.level || got[0].Keys.Groups != nil != c.keyed {
			t.Errorf("after %v: %+v, want one of level %d, with keys: %v", c.later, got, c.level, c.keyed)
		}
	}
}
