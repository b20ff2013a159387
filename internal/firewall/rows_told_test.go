package firewall

import (
	"slices"
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
)

// Rows are copied to where older ones were: by its number one is there or gone,
// and never another one.
func TestRowsTold(t *testing.T) {
	t.Parallel()
	var told rowsTold
	if _, there := told.get(1); there || len(slices.Collect(told.newest())) > 0 {
		t.Error("there are rows before any was told")
	}
	const all = 2*rememberedRows + 7
	for n := 1; n <= all; n += 3 {
		rows := []flow.Connection{{Update: n}, {Update: n + 1}, {Update: n + 2}}
		if first := told.add(rows); first != uint64(n) {
			t.Fatalf("the first number is %d, want %d", first, n)
		}
		rows[0].Update = 0 // they are the caller's again
	}
	last := int(told.told)
	for n := range uint64(last + 2) {
		row, there := told.get(n)
		want := n > uint64(last-rememberedRows) && n <= uint64(last)
		if there != want || there && row.Update != int(n) {
			t.Fatalf("row %d: %d, there %v, want %v", n, row.Update, there, want)
		}
	}
	want := last
	for row := range told.newest() {
		if row.Update != want {
			t.Fatalf("row %d where %d is the next older one", row.Update, want)
		}
		want--
	}
	if want != last-rememberedRows {
		t.Errorf("the oldest is %d, want %d", want+1, last-rememberedRows+1)
	}
}
