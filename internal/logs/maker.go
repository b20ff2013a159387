package logs

import "github.com/sekisho/sekisho/internal/flow"

// Maker makes the rows of many events in memory that it uses again: the rows are
// the callee's until Reset. It is for one goroutine.
type Maker struct {
	chunks []*[chunk]made
	n      int
}

const (
	chunk = 64
	// kept is how many chunks are kept for the next events.
	kept = 64
)

// Rows makes the rows of an event that stands for several, or for itself, as
// [FoldedRows] does.
func (m *Maker) Rows(last *flow.Event, src *Source, rule *Rule, fold Fold) []Row {
	if m.n == chunk*len(m.chunks) {
		m.chunks = append(m.chunks, new([chunk]made))
	}
	to := &m.chunks[m.n/chunk][m.n%chunk]
	m.n++
	to.packet = packet{last, src, rule, fold}
	return to.fill()
}

// Reset takes back the memory of all rows made so far.
func (m *Maker) Reset() {
	m.n = 0
	if len(m.chunks) > kept {
		clear(m.chunks[kept:])
		m.chunks = m.chunks[:kept]
	}
}
