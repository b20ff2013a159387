package segment

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sekisho/sekisho/internal/logs"
)

// take takes segments with so many rows each, numbered from first on.
func take(tb testing.TB, f *Folder, first uint64, rows ...[]logs.Row) {
	tb.Helper()
	for i, r := range rows {
		taken, err := f.Take(closed(tb, first+uint64(i), r).Path)
		if must(tb, err); !taken {
			tb.Fatalf("segment %d was not taken", first+uint64(i))
		}
	}
}

// all are the segments of the trace, as the folder has them now.
func all(f *Folder) []Info {
	g := f.Pin()
	defer g.Release()
	return g.Segments(logs.FlowTrace.Name, time.Time{}, time.Time{})
}

func split(rows []logs.Row, each int) (parts [][]logs.Row) {
	for ; len(rows) > each; rows = rows[each:] {
		parts = append(parts, rows[:each])
	}
	return append(parts, rows)
}

func TestAFolderHasWhatItTook(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "store")
	f := openFolder(t, root, Options{})
	parts := split(newTraffic(1).rows(400), 100)
	take(t, f, 1, parts...)
	if taken, err := f.Take(closed(t, 3, parts[2]).Path); taken || err != nil {
		t.Errorf("the third was taken again: %v, %v", taken, err)
	}
	before := all(f)
	if len(before) != 4 || before[0].Name.Sequence != 4 || before[3].Name.Sequence != 1 {
		t.Fatalf("segments %v", before)
	}
	g := f.Pin()
	if got := g.Segments(logs.FlowTrace.Name, before[2].From, before[2].From); len(got) != 1 || got[0].Name != before[2].Name {
		t.Errorf("of one moment there are %v", got)
	}
	total := g.Total(logs.FlowTrace.Name)
	if total.Rows != 400 || total.Segments != 4 || !total.Newest.Equal(before[0].To) || !total.Oldest.Equal(before[3].From) || total.Bytes < 4000 {
		t.Errorf("total %+v", total)
	}
	g.Release()
	must(t, f.Close())
	for _, lost := range [][]string{nil, {listFile}, {formatFile}, {listFile, formatFile}} {
		for _, file := range lost {
			must(t, os.Remove(filepath.Join(root, file)))
		}
		f = openFolder(t, root, Options{})
		if diff := cmp.Diff(before, all(f), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("opened again without %q (-before +after):\n%s", lost, diff)
		}
		must(t, f.Close())
	}
}

func TestWhatAFolderRefuses(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{})
	if _, err := OpenFolder(root, Options{}); err == nil || !strings.Contains(err.Error(), "another process writes to it") {
		t.Errorf("opened twice: %v", err)
	}
	reader := openFolder(t, root, Options{ReadOnly: true})
	if _, err := reader.Take(closed(t, 1, newTraffic(1).rows(1)).Path); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a reader took a segment: %v", err)
	}
	must(t, f.Close())
	must(t, os.WriteFile(filepath.Join(root, formatFile), []byte(`{"format":7,"id":"x"}`), 0o600))
	if _, err := OpenFolder(root, Options{}); err == nil || !strings.Contains(err.Error(), "it has format 7, and this program knows format 1") {
		t.Errorf("opened another format: %v", err)
	}
	foreign := t.TempDir()
	must(t, os.WriteFile(filepath.Join(foreign, "holiday.jpg"), nil, 0o600))
	if _, err := OpenFolder(foreign, Options{}); err == nil || !strings.Contains(err.Error(), "it has holiday.jpg") {
		t.Errorf("opened a folder of others: %v", err)
	}
	spool := filepath.Dir(closed(t, 1, newTraffic(1).rows(1)).Path)
	if _, err := OpenFolder(spool, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "sekisho query --table AZFWFlowTrace='"+spool+"/*~AZFWFlowTrace~*.parquet'") {
		t.Errorf("opened a spool: %v", err)
	}
}
