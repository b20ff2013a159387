package spool

import (
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// Rows of CaptureLoss that are given up would take along what they tell of. So they
// are told again, in the next generation that is closed; those of one place, kind and
// reason as one row, for else a spool that stays full would have more and more of
// them. They are in the state's file until that generation is closed.

// tellAgain puts the losses of a segment that is about to be given up to those that
// are told again.
func (s *state) tellAgain(file string) error {
	records, err := segment.Records(file)
	if err != nil {
		return fmt.Errorf("read losses that are given up: %w", err)
	}
	before, _, err := readBlocks(s.Again)
	if err != nil {
		return fmt.Errorf("read losses that are told again: %w", err)
	}
	w := segment.NewWriter(logs.CaptureLoss)
	for _, r := range sumLosses(append(before, records...)) {
		w.Add(r.Row())
	}
	s.Again = appendBlock(nil, w, 0)
	return nil
}

// again adds the losses to a generation that is about to be closed, once.
func (s *Spool) again(g *generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.again || len(s.state.Again) == 0 {
		return
	}
	g.again = true
	records, _, err := readBlocks(s.state.Again)
	if err != nil {
		s.options.Log.Error("losses cannot be told again", "error", err)
	}
	for _, r := range records {
		s.table(g, logs.CaptureLoss).writer.Add(r.Row())
	}
}

// sumLosses makes one row of those that are alike. Absent is not zero: a Count that
// nobody knows, or a From that has no bound, makes a kind of its own.
func sumLosses(records []logs.Record) (sums []logs.Record) {
	type kind struct {
		place, kind, reason, firewall, resource any
		noCount, noFrom, noTo                   bool
	}
	at := map[kind]int{}
	for _, r := range records {
		k := kind{r.Get("Place"), r.Get("Kind"), r.Get("Reason"), r.Get("Firewall"), r.Get("_ResourceId"),
			r.Get("Count") == nil, r.Get("From") == nil, r.Get("To") == nil}
		if i, there := at[k]; there {
			sums[i] = sumOf(sums[i], r)
			continue
		}
		at[k] = len(sums)
		sums = append(sums, r)
	}
	return sums
}

// sumOf is the sum of two that are alike.
func sumOf(a, b logs.Record) logs.Record {
	values := make([]any, len(logs.CaptureLoss.Columns))
	for i, c := range logs.CaptureLoss.Columns {
		x, y := a.Value(i), b.Value(i)
		switch {
		case x == nil || y == nil:
		case c.Name == "Count":
			x = x.(int64) + y.(int64)
		case c.Name == "From":
			if y.(time.Time).Before(x.(time.Time)) {
				x = y
			}
		case c.Name == "To" || c.Name == "TimeGenerated":
			if y.(time.Time).After(x.(time.Time)) {
				x = y
			}
		}
		values[i] = x
	}
	sum, _ := logs.NewRecord(logs.CaptureLoss, values) // as many as there are columns
	return sum
}
