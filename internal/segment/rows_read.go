package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// rowReader reads what AppendRows has written.
type rowReader struct {
	data  []byte
	table *logs.Table
	rows  [][]any
	err   error // the first one
}

var errShort = errors.New("it ends too early")

// ReadRows reads rows that [Writer.AppendRows] has written down. Columns that the
// table does not have, as a newer program may know them, are passed over.
func ReadRows(data []byte) ([]logs.Record, error) {
	r := &rowReader{data: data}
	r.begin()
	for n := r.columnCount(); n > 0 && r.err == nil; n-- {
		r.column()
	}
	if r.err == nil && len(r.data) > 0 {
		r.fail(fmt.Errorf("%d bytes follow", len(r.data)))
	}
	var records []logs.Record
	for _, values := range r.rows {
		if r.err != nil {
			break
		}
		record, err := logs.NewRecord(r.table, values)
		r.fail(err)
		records = append(records, record)
	}
	if r.err != nil {
		return nil, fmt.Errorf("read rows: %w", r.err)
	}
	return records, nil
}

func (r *rowReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// begin reads the table and makes rows of it.
func (r *rowReader) begin() {
	name := r.text()
	rows := r.uvarint()
	if r.err != nil {
		return
	}
	table, known := logs.Lookup(name)
	if !known {
		r.fail(fmt.Errorf("there is no table %q", name))
		return
	}
	if rows > uint64(len(r.data)) {
		r.fail(errShort)
		return
	}
	r.table, r.rows = table, make([][]any, rows)
	for i := range r.rows {
		r.rows[i] = make([]any, len(table.Columns))
	}
}

func (r *rowReader) columnCount() int {
	b := r.take(2)
	if r.err != nil {
		return 0
	}
	return int(binary.LittleEndian.Uint16(b))
}

// column reads one column.
func (r *rowReader) column() {
	name, head := r.text(), r.take(2)
	if r.err != nil {
		return
	}
	k, form, place := kind(head[0]), head[1], r.table.Index(name)
	if place >= 0 && kindOf(r.table.Columns[place].Type) != k {
		r.fail(fmt.Errorf("column %s has values of kind %d", name, k))
		return
	}
	if form > formSome || k > isBool {
		r.fail(fmt.Errorf("column %s has the form %d and values of kind %d", name, form, k))
		return
	}
	if form == formSame {
		r.same(place, k)
		return
	}
	var there []byte
	if form == formSome {
		there = r.take((len(r.rows) + 7) / 8)
	}
	before := int64(0)
	for i := range r.rows {
		if r.err != nil {
			return
		}
		if form == formEach || there[i/8]>>(i%8)&1 == 1 {
			r.put(i, place, r.value(k, &before))
		}
	}
}

// same reads a value that all rows have.
func (r *rowReader) same(place int, k kind) {
	before := int64(0)
	value := r.value(k, &before)
	for i := range r.rows {
		r.put(i, place, value)
	}
}

func (r *rowReader) put(row, place int, value any) {
	if place >= 0 && r.err == nil {
		r.rows[row][place] = value
	}
}

// value reads one value as the Go type of the column.
func (r *rowReader) value(k kind, before *int64) any {
	switch k {
	case isText:
		return r.text()
	case isDouble:
		if b := r.take(8); r.err == nil {
			return math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
		return nil
	}
	n, size := binary.Varint(r.data)
	if size <= 0 {
		r.fail(errShort)
		return nil
	}
	r.data = r.data[size:]
	*before += n
	return whole(*before, k)
}

// whole is a whole number as the Go type of its kind.
func whole(n int64, k kind) any {
	switch k {
	case isInt32:
		return int32(n)
	case isMoment:
		return time.UnixMicro(n).UTC()
	case isBool:
		return n != 0
	}
	return n
}

func (r *rowReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 {
		r.fail(errShort)
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *rowReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.data)) {
		r.fail(errShort)
		return ""
	}
	return string(r.take(int(n)))
}

func (r *rowReader) take(n int) []byte {
	if n > len(r.data) {
		r.fail(errShort)
		return nil
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}
