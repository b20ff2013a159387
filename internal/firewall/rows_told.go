package firewall

import (
	"iter"
	"sync"

	"github.com/sekisho/sekisho/internal/flow"
)

// rememberedRows is how many rows about connections are kept for who asks
// later: all that may be among the entries of a stream.
const rememberedRows = remembered

// rowsTold are the newest rows about connections. They are large, and there are
// thousands a second: each is copied to where an older one was, and who asks gets
// a copy.
type rowsTold struct {
	mu   sync.Mutex
	rows []flow.Connection // a ring once it is full
	told uint64
}

// add remembers rows, and returns the number of the first; they are numbered from 1.
func (t *rowsTold) add(rows []flow.Connection) (first uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows == nil {
		t.rows = make([]flow.Connection, 0, rememberedRows) // it is no memory before it is used
	}
	first = t.told + 1
	for i := range rows {
		if len(t.rows) < rememberedRows {
			t.rows = append(t.rows, rows[i])
		} else {
			t.rows[t.told%rememberedRows] = rows[i]
		}
		t.told++
	}
	return first
}

// get is the row of a number; there is false where it is not remembered any more.
func (t *rowsTold) get(number uint64) (row flow.Connection, there bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if number == 0 || number > t.told || t.told-number >= uint64(len(t.rows)) {
		return row, false
	}
	return t.rows[(number-1)%rememberedRows], true
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
