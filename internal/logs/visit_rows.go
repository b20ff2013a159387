package logs

import "net/netip"

// ColumnVisitor takes the values of many rows of one table, all of a column and
// then all of the next: what costs little for one value costs little for all,
// where one column after the other is worked on.
type ColumnVisitor interface {
	// The methods of Visitor are for the next row each.
	Visitor
	// Absent is for so many rows, one behind the other, without a value.
	Absent(column, rows int)
	// Again is for so many rows that are in this column as the one before.
	Again(column, rows int)
}

// together is how many rows are worked on at a time: what they are made from
// stays in the fastest memory meanwhile.
const together = 64

// VisitRows hands the values of rows, all of the table of the first, to the
// visitor; which they are, [Row.Visit] says.
func VisitRows(rows []Row, to ColumnVisitor) {
	for len(rows) > 0 {
		n := rows[0].table.visitRows(rows[:min(together, len(rows))], to)
		if n == 0 { // one that was read back
			rows[0].record.(*Record).visitColumns(to)
			n = 1
		}
		rows = rows[n:]
	}
}

// grounds are what the values of columns rest on, as far as they are the same for
// all of some rows: their values are then worked out once.
type grounds uint8

const (
	sameSource grounds = 1 << iota // one firewall made them
	noTrouble                      // of plain steps of connections of TCP, or of connections with no more than those
)

// visitRows visits rows as far as they are made of such records.
func visitRows[R any](columns []column[R], groundsOf func([]*R) grounds, rows []Row, to ColumnVisitor) int {
	var space [together]*R
	records := space[:0]
	for _, r := range rows {
		record, ok := r.record.(*R)
		if !ok {
			break
		}
		records = append(records, record)
	}
	if len(records) == 0 {
		return 0
	}
	var shared grounds
	if groundsOf != nil {
		shared = groundsOf(records)
	}
	for i := range columns {
		col := &columns[i]
		asked := records
		if col.rests&shared != 0 {
			asked = records[:1]
		}
		col.visitRows(i, asked, to)
		if rest := len(records) - len(asked); rest > 0 {
			to.Again(i, rest)
		}
	}
	return len(records)
}

// visitRows visits the values of one column; runs of the same are told as such.
func (col *column[R]) visitRows(i int, records []*R, to ColumnVisitor) {
	var before cell
	var beforeAt netip.Addr
	again := 0
	for n, record := range records {
		now, at := col.keptCell(record), netip.Addr{}
		if now.kind == isAddress {
			at = col.address(record)
		}
		if n > 0 && now == before && at == beforeAt {
			again++
			continue
		}
		if again > 0 {
			to.Again(i, again)
			again = 0
		}
		hand(to, i, now, at)
		before, beforeAt = now, at
	}
	if again > 0 {
		to.Again(i, again)
	}
}

// keptCell is a value as it is kept where rows are stored.
func (col *column[R]) keptCell(record *R) cell {
	if col.kept != nil && !col.kept(record) {
		return cell{}
	}
	c := col.cell(record)
	if c.kind == isResourceID && c.text == "" {
		return cell{}
	}
	return c
}

// hand hands out one value.
func hand(to ColumnVisitor, i int, c cell, at netip.Addr) {
	switch c.kind {
	case absent:
		to.Absent(i, 1)
	case isText:
		to.Text(i, c.text)
	case isResourceID:
		to.ResourceID(i, c.text)
	case isAddress:
		to.Address(i, at)
	case isNumber:
		to.Number(i, c.num)
	case isMoment:
		to.Moment(i, c.num)
	}
}

func (r *Record) visitColumns(to ColumnVisitor) {
	for i, value := range r.values {
		hand(to, i, r.table.cellOf(i, value), netip.Addr{})
	}
}
