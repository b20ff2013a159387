package logs

import "net/netip"

// Visitor takes the values of rows without their being boxed. A method is
// called with the value's place among the columns of the table.
type Visitor interface {
	// Text is a value of type String.
	Text(column int, s string)
	// ResourceID is one in any case, which rows have in lower case:
	// see [LowerID].
	ResourceID(column int, id string)
	// Address is a value of type String, which is a.String().
	Address(column int, a netip.Addr)
	// Number is a value of type Int or Long.
	Number(column int, n int64)
	// Moment is a value of type DateTime, in microseconds since 1970, UTC.
	Moment(column int, microseconds int64)
}

// Visit hands the values that are kept where rows are stored to the visitor, in
// the order of the columns: not those that are absent, and not those that the
// column's description calls not kept. It allocates nothing.
func (r Row) Visit(to Visitor) {
	if read, ok := r.record.(*Record); ok {
		read.visit(to)
		return
	}
	r.table.visit(r.record, to)
}

func visit[R any](columns []column[R], record *R, to Visitor) {
	for i := range columns {
		col := &columns[i]
		switch c := col.keptCell(record); c.kind {
		case isText:
			to.Text(i, c.text)
		case isResourceID:
			to.ResourceID(i, c.text)
		case isAddress:
			to.Address(i, col.address(record))
		case isNumber:
			to.Number(i, c.num)
		case isMoment:
			to.Moment(i, c.num)
		}
	}
}
