package segment

import (
	"net/netip"

	"github.com/sekisho/sekisho/internal/logs"
)

// batch is rows of one table as columns in memory. It fills from rows as a
// [logs.ColumnVisitor], and from row groups of files.
type batch struct {
	table   *logs.Table
	columns []column
	rows    int
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
		b.columns[i].reset()
	}
}

// add appends rows of the batch's table.
func (b *batch) add(rows []logs.Row) {
	logs.VisitRows(rows, b)
	b.rows += len(rows)
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
		c := &b.columns[i]
		sum += 8*len(c.nums) + len(c.has) + c.dict.bytes()
	}
	return sum
}

// The methods of logs.ColumnVisitor.

func (b *batch) Text(i int, s string) {
	c := &b.columns[i]
	c.put(c.dict.text(s))
}

func (b *batch) ResourceID(i int, id string) {
	c := &b.columns[i]
	c.put(c.dict.resourceID(id))
}

func (b *batch) Address(i int, a netip.Addr) {
	c := &b.columns[i]
	c.put(c.dict.address(a))
}

func (b *batch) Texts(i int, texts []string, there uint64) {
	c := &b.columns[i]
	var codes [logs.Together]int64
	before, code := "", int64(-1)
	for n, s := range texts {
		if there>>n&1 == 0 {
			continue
		}
		if code < 0 || !same(s, before) {
			before, code = s, c.dict.text(s)
		}
		codes[n] = code
	}
	c.putAll(codes[:len(texts)], there)
}

func (b *batch) Addresses(i int, addresses []netip.Addr, there uint64) {
	c := &b.columns[i]
	var codes [logs.Together]int64
	for n, a := range addresses {
		if there>>n&1 == 1 {
			codes[n] = c.dict.address(a)
		}
	}
	c.putAll(codes[:len(addresses)], there)
}

func (b *batch) Numbers(i int, numbers []int64, there uint64) { b.columns[i].putAll(numbers, there) }

func (b *batch) TextsOf(i int, texts []string, there uint64, of []uint8) {
	c := &b.columns[i]
	var codes [logs.Together]int64
	for n, s := range texts {
		if there>>n&1 == 1 {
			codes[n] = c.dict.text(s)
		}
	}
	c.putOf(codes[:len(texts)], there, of)
}

func (b *batch) NumbersOf(i int, numbers []int64, there uint64, of []uint8) {
	b.columns[i].putOf(numbers, there, of)
}

func (b *batch) Number(i int, n int64) { b.columns[i].put(n) }

func (b *batch) Moment(i int, microseconds int64) { b.columns[i].put(microseconds) }

func (b *batch) Absent(i, rows int) { b.columns[i].skip(rows) }

func (b *batch) Again(i, rows int) { b.columns[i].again(rows) }
