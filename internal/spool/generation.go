package spool

import (
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// generation is the rows between two moments.
type generation struct {
	number  uint64
	writers map[*logs.Table]*segment.Writer
	rows    map[*logs.Table]int // of events
	kept    []logs.Row
	missing uint64    // rows that the journal does not have any more
	since   time.Time // when its first row came
	sealed  bool      // nothing comes any more
	mixed   bool      // the kept rows are among those of the writers
}

func newGeneration(number uint64) *generation {
	return &generation{number: number, writers: map[*logs.Table]*segment.Writer{}, rows: map[*logs.Table]int{}}
}

func (g *generation) begin() {
	if g.since.IsZero() {
		g.since = time.Now()
	}
}

func (g *generation) events() (n int) {
	for _, rows := range g.rows {
		n += rows
	}
	return n
}

func (g *generation) empty() bool { return g.events() == 0 && len(g.kept) == 0 && g.missing == 0 }

// write writes the segments of a generation that were not written before, and
// says what they are numbered and how large those are that it wrote. What a
// killed process had written gets the same name again.
func (s *Spool) write(g *generation, numbers map[string]uint64) (bytes int64, err error) {
	s.mix(g)
	for _, t := range g.tables() {
		w := g.writers[t]
		name := segment.Name{Firewall: s.options.Firewall, Boot: s.state.Series, Sequence: s.state.Sequences[t.Name] + 1}
		numbers[t.Name] = name.Sequence
		if w.Len() == 0 {
			continue // it was written in an earlier try
		}
		info, err := w.Close(s.options.Folder, name, segment.Meta{Sync: true})
		if err != nil {
			return bytes, err
		}
		bytes += info.Bytes
	}
	return bytes, nil
}

// mix adds the kept rows to the others.
func (s *Spool) mix(g *generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.mixed {
		return
	}
	for _, r := range g.kept {
		s.writer(g, r.Table()).Add(r)
	}
	g.mixed = true
}

// tables are those that have rows in the generation, always in the same order.
func (g *generation) tables() []*logs.Table {
	var list []*logs.Table
	for t := range g.writers {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *logs.Table) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// writer is the generation's for a table: one that was used before, where there
// is one.
func (s *Spool) writer(g *generation, t *logs.Table) *segment.Writer {
	w := g.writers[t]
	if w != nil {
		return w
	}
	if idle := s.idle[t]; len(idle) > 0 {
		w, s.idle[t] = idle[len(idle)-1], idle[:len(idle)-1]
	} else {
		w = segment.NewWriter(t)
	}
	g.writers[t] = w
	return w
}

// unwritten are the rows that no segment has: of events how many, and the kept
// ones.
func (g *generation) unwritten() (events uint64, kept []logs.Row) {
	for t, rows := range g.rows {
		if g.writers[t].Len() > 0 {
			events += uint64(rows)
		}
	}
	for _, r := range g.kept {
		if w := g.writers[r.Table()]; w == nil || w.Len() > 0 {
			kept = append(kept, r)
		}
	}
	return events, kept
}
