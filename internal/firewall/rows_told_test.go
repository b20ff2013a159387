package firewall

import (
	"slices"
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
)

// Rows stay where they were made until they are too old: by its number one is there
// or gone, and never another one.
func TestRowsTold(t *testing.T) {
	t.Parallel()
	var told rowsTold
	if _, there := told.get(1); there || len(slices.Collect(told.newest())) > 0 {
		t.Error("there are rows before any was told")
	}
	var spare []flow.Connection
	last := 0
	for size := 1; last < 3*rememberedRows; size = size*7%513 + 1 {
		rows := spare
		for range size {
			last++
			rows = append(rows, flow.Connection{Update: last})
		}
		first := told.add(rows)
		if first != uint64(last-size+1) {
			t.Fatalf("the first number is %d, want %d", first, last-size+1)
		}
		if size%5 == 0 { // others are told meanwhile, and first
			last++
			told.done(told.add([]flow.Connection{{Update: last}}))
		}
		spare = told.done(first)
		if len(spare) != 0 {
			t.Fatalf("%d rows in memory for others", len(spare))
		}
	}
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

// What is kept is little more than what is remembered: neither many rows at once
// nor few in much memory make it more. Rows that are in use stay.
func TestRowsToldBounds(t *testing.T) {
	t.Parallel()
	var told rowsTold
	room := func() (rows int) {
		for i := range told.chunks {
			rows += cap(told.chunks[i].rows)
		}
		return rows
	}
	if spare := told.done(told.add(make([]flow.Connection, 3*rememberedRows))); spare != nil || room() > rememberedRows+manyRows {
		t.Errorf("room for %d rows, and for %d others", room(), cap(spare))
	}
	if row, there := told.get(2*rememberedRows + 1); !there || row.Update != 0 {
		t.Error("the oldest that is remembered is not there")
	}
	spare := make([]flow.Connection, 0, 1000)
	for n := range 2 * rememberedRows {
		spare = told.done(told.add(append(spare, flow.Connection{Update: n})))
	}
	if room() > rememberedRows+manyRows {
		t.Errorf("room for %d rows", room())
	}
	slow := []flow.Connection{{Update: -1}}
	first := told.add(slow)
	for range 2 * rememberedRows {
		if spare = told.done(told.add(append(spare, flow.Connection{}))); cap(spare) > 0 && &spare[:1][0] == &slow[0] {
			t.Fatal("rows that are in use are memory for others")
		}
	}
	told.done(first)
	if slow[0].Update != -1 || room() > rememberedRows+manyRows {
		t.Errorf("row %d, room for %d", slow[0].Update, room())
	}
}
