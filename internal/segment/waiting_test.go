package segment

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A reader sees segments that wait, each once: one may have been taken already and
// be delivered a second time, one may be damaged, and one taken away meanwhile.
func TestWaitingSegmentsAreRead(t *testing.T) {
	t.Parallel()
	root, rows := t.TempDir(), newTraffic(3).rows(400)
	f := openFolder(t, root, Options{})
	take(t, f, 1, rows[:100])
	must(t, f.Close())
	again, fresh, broken := closed(t, 1, rows[:100]), closed(t, 2, rows[100:300]), closed(t, 3, rows[300:])
	must(t, os.Truncate(broken.Path, broken.Bytes/2))
	waiting := []string{again.Path, fresh.Path, broken.Path, filepath.Join(t.TempDir(), "gone.parquet")}

	reader := openFolder(t, root, Options{ReadOnly: true, Waiting: waiting})
	g := reader.Pin()
	if total := g.Total("AZFWFlowTrace"); total.Rows != 300 || total.Segments != 2 {
		t.Errorf("a reader sees %+v, want 300 rows in 2 segments", total)
	}
	if got := g.Segments("AZFWFlowTrace", fresh.From, time.Time{}); len(got) == 0 || got[0].Path != fresh.Path {
		t.Errorf("the segment that waits is not read where it is: %+v", got)
	}
	g.Release()
	if notes := reader.Notes(); len(notes) != 1 || notes[0].Path != broken.Path || !strings.Contains(notes[0].What, "no whole segment") {
		t.Errorf("notes of what waits: %v", notes)
	}
	must(t, reader.Close())
	for _, path := range waiting[:3] {
		must(t, func() error { _, err := os.Stat(path); return err }())
	}
	f = openFolder(t, root, Options{Waiting: waiting})
	defer f.Close()
	if got := all(f); len(got) != 1 {
		t.Errorf("who writes takes %d segments for its own, want 1", len(got))
	}
	if at, err := Changed(root); err != nil || time.Since(at) > time.Minute {
		t.Errorf("changed %v, %v", at, err)
	}
}
