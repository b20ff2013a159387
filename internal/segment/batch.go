package segment

import (
	"net/netip"

	"github.com/sekisho/sekisho/internal/logs"
)

// batch is rows of one table as columns in memory. It fills from rows as a
// [logs.Visitor], and from row groups of files.
type batch struct {
	table   *logs.Table
	columns []column
	rows    int
}

// column is the values of one column, one for each row up to the last that has
// one: what follows is absent.
type column struct {
	name string
	kind kind
	// nums has a number, microseconds, the bits of a double, 0 or 1, or the
	// code of a text; anything where has is 0.
	nums    []int64
	has     []byte // 1 for a value, 0 for an absent one
	present int    // how many are 1
	dict    dictionary
}

func newBatch(table *logs.Table) *batch {
	b := &batch{table: table, columns: make([]column, len(table.Columns))}
	for i, c := range table.Columns {
		b.columns[i] = column{name: c.Name, kind: kindOf(c.Type)}
	}
	return b
}

// reset makes the batch empty and keeps its memory.
func (b *batch) reset() {
	b.rows = 0
	for i := range b.columns {
		c := &b.columns[i]
		c.nums, c.has, c.present = c.nums[:0], c.has[:0], 0
		c.dict.reset()
	}
}

// add appends a row of the batch's table.
func (b *batch) add(r logs.Row) {
	r.Visit(b)
	b.rows++
}

// column finds a column by its name; nil where the table has none.
func (b *batch) column(name string) *column {
	if i := b.table.Index(name); i >= 0 {
		return &b.columns[i]
	}
	return nil
}

// bytes is about how much memory the values take.
func (b *batch) bytes() int {
	sum := 0
	for i := range b.columns {
		sum += 9*len(b.columns[i].nums) + b.columns[i].dict.bytes()
	}
	return sum
}

// put appends a value to a column in the row that is being added.
func (c *column) put(row int, n int64) {
	if len(c.nums) < row {
		c.pad(row)
	}
	c.nums, c.has = append(c.nums, n), append(c.has, 1)
	c.present++
}

// pad makes the column so many rows long.
func (c *column) pad(rows int) {
	for len(c.nums) < rows {
		c.nums, c.has = append(c.nums, 0), append(c.has, 0)
	}
}

// The methods of logs.Visitor.

func (b *batch) Text(i int, s string) {
	c := &b.columns[i]
	c.put(b.rows, c.dict.text(s))
}

func (b *batch) ResourceID(i int, id string) {
	c := &b.columns[i]
	c.put(b.rows, c.dict.resourceID(id))
}

func (b *batch) Address(i int, a netip.Addr) {
	c := &b.columns[i]
	c.put(b.rows, c.dict.address(a))
}

func (b *batch) Number(i int, n int64) { b.columns[i].put(b.rows, n) }

func (b *batch) Moment(i int, microseconds int64) { b.columns[i].put(b.rows, microseconds) }
