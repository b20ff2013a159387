package firewall

import (
	"iter"
	"slices"
	"sort"
	"sync"

	"github.com/sekisho/sekisho/internal/flow"
)

// rememberedRows is how many rows about connections are kept for who asks
// later: all that may be among the entries of a stream.
const rememberedRows = remembered

// manyRows are more than are told at once as a rule, in a flood too.
const manyRows = 4096

// rowsTold are the newest rows about connections. They are large, and there are
// thousands a second: they stay where they were made, which is memory for others
// when they are too old; and who asks gets a copy.
type rowsTold struct {
	mu     sync.Mutex
	chunks []rowChunk // the oldest first
	told   uint64
}

// rowChunk are rows that were told together.
type rowChunk struct {
	first uint64 // the number of the first
	rows  []flow.Connection
	inUse bool // by who told them
}

// add takes rows over, and returns the number of the first; they are numbered from
// 1. They are read by the caller until it says done.
func (t *rowsTold) add(rows []flow.Connection) (first uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first = t.told + 1
	t.chunks = append(t.chunks, rowChunk{first, rows, true})
	t.told += uint64(len(rows))
	return first
}

// done says that the caller of add has done with rows. What it gets is memory for
// the next ones; nil where there is none.
func (t *rowsTold) done(first uint64) (spare []flow.Connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.chunks[t.find(first)]
	c.inUse = false
	if len(c.rows) < cap(c.rows)/2 || cap(c.rows) > manyRows {
		spare = c.shrink()
	}
	old := 0
	for ; old+1 < len(t.chunks) && !t.chunks[old].inUse && t.told-t.chunks[old+1].first >= rememberedRows-1; old++ {
		if rows := t.chunks[old].rows; cap(rows) > cap(spare) {
			spare = rows[:0]
		}
	}
	t.chunks = slices.Delete(t.chunks, 0, old)
	return spare
}

// shrink copies what is remembered of rows to memory of their size, and gives back
// the memory where they were; nil where it is too much to be kept.
func (c *rowChunk) shrink() (spare []flow.Connection) {
	rows := c.rows
	gone := max(0, len(rows)-rememberedRows)
	c.first, c.rows = c.first+uint64(gone), slices.Clip(slices.Clone(rows[gone:]))
	if cap(rows) > manyRows {
		return nil
	}
	return rows[:0]
}

// find is the place of the chunk that has a number.
func (t *rowsTold) find(number uint64) int {
	after := sort.Search(len(t.chunks), func(i int) bool { return t.chunks[i].first > number })
	return after - 1
}

// get is the row of a number; there is false where it is not remembered any more.
func (t *rowsTold) get(number uint64) (row flow.Connection, there bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if number == 0 || number > t.told || t.told-number >= rememberedRows {
		return row, false
	}
	c := &t.chunks[t.find(number)]
	return c.rows[number-c.first], true
}

// newest are the rows, the newest first.
func (t *rowsTold) newest() iter.Seq[flow.Connection] {
	t.mu.Lock()
	number := t.told
	t.mu.Unlock()
	return func(yield func(flow.Connection) bool) {
		for ; ; number-- {
			if row, there := t.get(number); !there || !yield(row) {
				return
			}
		}
	}
}
