// Package result is what a query gives: typed columns, and rows that stream.
// Writers turn them into a table for a terminal, JSON, JSON lines, CSV or Parquet.
package result

import (
	"errors"
	"io"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// Column is a column of a result.
type Column struct {
	Name string
	Type value.Type
}

// Rows streams a result. It is not safe for concurrent use.
type Rows interface {
	Columns() []Column
	// Next returns the next row, or io.EOF behind the last. The slice is the
	// caller's. Values are those of package value, each of its column's type.
	Next() ([]any, error)
	// Close frees what the rows hold; it may be called twice.
	Close() error
}

// Table is a result in memory.
type Table struct {
	Cols []Column
	Data [][]any
	next int
}

// Columns implements [Rows].
func (t *Table) Columns() []Column { return t.Cols }

// Next implements [Rows].
func (t *Table) Next() ([]any, error) {
	if t.next >= len(t.Data) {
		return nil, io.EOF
	}
	t.next++
	return t.Data[t.next-1], nil
}

// Close implements [Rows].
func (t *Table) Close() error { return nil }

// Read reads all rows and closes them.
func Read(r Rows) (*Table, error) {
	defer r.Close()
	t := &Table{Cols: r.Columns()}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		t.Data = append(t.Data, row)
	}
}
