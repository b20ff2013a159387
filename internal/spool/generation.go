package spool

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// generation is the rows between two moments.
type generation struct {
	number  uint64
	tables  map[*logs.Table]*table
	rows    int       // of events, in all tables
	kept    int       // rows that follow from no event
	blocks  []byte    // those, as they are written down
	missing uint64    // rows that nobody has any more
	gap     bounds    // the times of those
	since   time.Time // when its first row came
	sealed  bool      // nothing comes any more
	again   bool      // it has the losses that are told again
}

// table is the rows of one table in a generation.
type table struct {
	writer *segment.Writer
	rows   int        // of events
	coming []logs.Row // to be added together, which costs less
}

// sort gives rows to their tables.
func (s *Spool) sort(g *generation, rows []logs.Row) {
	var last *table
	for i, r := range rows {
		if i == 0 || r.Table() != rows[i-1].Table() {
			last = s.table(g, r.Table())
		}
		last.coming = append(last.coming, r)
	}
}

// add adds the rows that have come.
func (t *table) add() (rows int) {
	rows = len(t.coming)
	t.writer.Add(t.coming...)
	clear(t.coming)
	t.coming = t.coming[:0]
	return rows
}

func newGeneration(number uint64) *generation {
	return &generation{number: number, tables: map[*logs.Table]*table{}}
}

func (g *generation) begin() {
	if g.since.IsZero() {
		g.since = time.Now()
	}
}

func (g *generation) empty() bool { return g.rows == 0 && g.kept == 0 && g.missing == 0 }

// naming is what the segments of one generation are called.
type naming struct {
	series  string
	numbers map[string]uint64 // by table
}

// name names the segments of a generation. What a killed process had written
// gets the same name again.
func (s *Spool) name(g *generation) naming {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := naming{s.state.Series, map[string]uint64{}}
	for t := range g.tables {
		n.numbers[t.Name] = s.state.Sequences[t.Name] + 1
	}
	return n
}

// named notes the numbers that are used now, if the series goes on.
func (s *state) named(n naming) {
	if n.series == s.Series {
		maps.Copy(s.Sequences, n.numbers)
	}
}

// write writes the segments of a generation that were not written before, and
// says what they are called and how large those are that it wrote.
func (s *Spool) write(g *generation) (n naming, bytes int64, err error) {
	n = s.name(g)
	for _, t := range g.sorted() {
		w := g.tables[t].writer
		if w.Len() == 0 {
			continue // it was written in an earlier try
		}
		name := segment.Name{Firewall: s.options.Firewall, Boot: n.series, Sequence: n.numbers[t.Name]}
		info, err := w.Close(s.options.Folder, name, segment.Meta{Sync: !s.options.Unsynced})
		if err != nil {
			return n, bytes, err
		}
		bytes += info.Bytes
	}
	return n, bytes, nil
}

// written are the names of segments that were written before another one could not
// be: no other segment may be called so, it would be taken for the same.
func (g *generation) written(n naming) naming {
	for t, made := range g.tables {
		if made.writer.Len() > 0 {
			delete(n.numbers, t.Name)
		}
	}
	return n
}

// keep adds rows that follow from no event, and returns them as they are to be
// written down.
func (g *generation) keep(s *Spool, rows []logs.Row) (blocks []byte) {
	if len(rows) == 0 {
		return nil
	}
	g.begin()
	g.kept += len(rows)
	s.sort(g, rows)
	before := len(g.blocks)
	for _, t := range g.sorted() {
		w := g.tables[t].writer
		from := w.Len()
		g.tables[t].add()
		g.blocks = appendBlock(g.blocks, w, from)
	}
	return g.blocks[before:]
}

// sorted are the tables that have rows, always in the same order.
func (g *generation) sorted() []*logs.Table {
	var list []*logs.Table
	for t := range g.tables {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *logs.Table) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// table is the generation's part of a table. Its writer is one that was used
// before, where there is one.
func (s *Spool) table(g *generation, t *logs.Table) *table {
	if there := g.tables[t]; there != nil {
		return there
	}
	made := &table{}
	if idle := s.idle[t]; len(idle) > 0 {
		made.writer, s.idle[t] = idle[len(idle)-1], idle[:len(idle)-1]
	} else {
		made.writer = segment.NewWriter(t)
	}
	g.tables[t] = made
	return made
}

// unwritten are the rows that no segment has: of events how many, and the kept
// ones.
func (g *generation) unwritten() (events uint64, kept []logs.Row, err error) {
	for _, t := range g.tables {
		if t.writer.Len() > 0 {
			events += uint64(t.rows)
		}
	}
	records, _, err := readBlocks(g.blocks)
	for _, r := range records {
		if t := g.tables[r.Row().Table()]; t == nil || t.writer.Len() > 0 {
			kept = append(kept, r.Row())
		}
	}
	return events, kept, err
}
