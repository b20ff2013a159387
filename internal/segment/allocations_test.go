package segment

import (
	"slices"
	"testing"

	"github.com/sekisho/sekisho/internal/logs"
)

// TestWritingAllocatesForNoRow counts what a segment of many rows allocates, once
// the writer has had one: a column, a page or a file may, but not a row. Rows come
// as they do under load, and are made before, because they are not the writer's.
//
// Not parallel: allocations are counted for the whole process.
func TestWritingAllocatesForNoRow(t *testing.T) {
	const rows, most = 10_000, 0.1
	traffic := newTraffic(1)
	traffic.rows(rows)
	var made [][]logs.Row
	for part := range slices.Chunk(traffic.events[:rows], 500) {
		made = append(made, traffic.fresh(part))
	}
	w, folder, n := NewWriter(logs.FlowTrace), t.TempDir(), uint64(0)
	got := testing.AllocsPerRun(5, func() {
		n++
		for _, batch := range made {
			w.Add(batch...)
		}
		_, err := w.Close(folder, nameOf(n), Meta{})
		must(t, err)
	})
	t.Logf("%.0f allocations for a segment of %d rows", got, rows)
	if got > most*rows {
		t.Errorf("%.2f allocations a row, want %v at most", got/rows, most)
	}
}
