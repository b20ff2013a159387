package logs

import "net/netip"

// ColumnVisitor takes the values of many rows of one table, all of a column and
// then all of the next, up to [Together] rows at a time: what costs little for
// one value costs little for all, where one column after the other is worked on.
type ColumnVisitor interface {
	// The methods of Visitor are for the next row each.
	Visitor
	// Texts, Addresses and Numbers are for as many rows as there are values.
	// There has a bit for each row, the lowest that of the first: 0 is a row
	// without a value. Numbers are also moments and the like. The slices are
	// good until the method returns.
	Texts(column int, texts []string, there uint64)
	Addresses(column int, addresses []netip.Addr, there uint64)
	Numbers(column int, numbers []int64, there uint64)
	// TextsOf and NumbersOf are for many rows that have few values: of says which
	// of them each row has.
	TextsOf(column int, texts []string, there uint64, of []uint8)
	NumbersOf(column int, numbers []int64, there uint64, of []uint8)
	// Absent is for so many rows, one behind the other, without a value.
	Absent(column, rows int)
	// Again is for so many rows that are in this column as the one before.
	Again(column, rows int)
}

// Together is how many rows are worked on at a time: what they are made from
// stays in the fastest memory meanwhile.
const Together = 64

// VisitRows hands the values of rows, all of the table of the first, to the
// visitor; which they are, [Row.Visit] says.
func VisitRows(rows []Row, to ColumnVisitor) {
	for len(rows) > 0 {
		n := rows[0].table.visitRows(rows[:min(Together, len(rows))], to)
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
	sameSource   grounds = 1 << iota // one firewall made them
	noTrouble                        // of plain steps of connections of TCP, or of connections with no more than those
	sameDecision                     // one decision by one rule
	defaultZone                      // of connections in conntrack's default zone
	sameCourse                       // the same step on the same way; connections to which the same happened
	sameRoute                        // connections of one decision, through the same interfaces

	onlyKinds = sameCourse | sameRoute // told of some of the rows only, see kinds
)

// basis are the ways to what the records of a table rest on, where there are some.
type basis[R any] struct {
	groundsOf func([]*R) grounds
	basesOf   func([]*R, *bases)
}

func newBasis[R any]() (b basis[R]) {
	if g, ok := any(new(R)).(interface{ groundsOf([]*R) grounds }); ok {
		b.groundsOf = g.groundsOf
	}
	if k, ok := any(new(R)).(interface{ basesOf([]*R, *bases) }); ok {
		b.basesOf = k.basesOf
	}
	return b
}

// of is what all of some records rest on; to says in what some of them are alike.
func (b *basis[R]) of(records []*R, to *bases) (shared grounds) {
	if b.groundsOf != nil {
		shared = b.groundsOf(records)
	}
	if b.basesOf != nil {
		b.basesOf(records, to)
	}
	return shared
}

// block is up to Together records, and room for the values of a column.
type block[R any] struct {
	records   [Together]*R
	n         int
	texts     [Together]string
	addresses [Together]netip.Addr
	numbers   [Together]int64
	firsts    [mostKinds]*R // one of each kind, while a column is visited
	bases     bases
}

// take takes rows as far as they are made of such records.
func (b *block[R]) take(rows []Row) {
	b.n = 0
	for _, r := range rows {
		record, ok := r.record.(*R)
		if !ok {
			break
		}
		b.records[b.n] = record
		b.n++
	}
}

// visitColumns visits the rows of a block.
func (b *block[R]) visitColumns(columns []column[R], basis basis[R], to ColumnVisitor) {
	if b.n == 0 {
		return
	}
	shared := basis.of(b.records[:b.n], &b.bases)
	for i := range columns {
		col := &columns[i]
		switch {
		case col.rests&shared != 0:
			hand(to, i, col.keptCell(b.records[0]), netip.Addr{})
			if b.n > 1 {
				to.Again(i, b.n-1)
			}
		case col.kept != nil:
			b.eachKept(i, col, to)
		default:
			if k := b.bases.of(col.rests); k != nil {
				b.visitKinds(i, col, k, to)
				continue
			}
			b.visit(i, col, to)
		}
	}
	clear(b.records[:b.n]) // the block is used again
	clear(b.firsts[:])
}

// visit visits the values of one column.
func (b *block[R]) visit(i int, col *column[R], to ColumnVisitor) {
	records := b.records[:b.n]
	switch {
	case col.text != nil:
		to.Texts(i, b.texts[:b.n], b.takeTexts(col, records))
	case col.address != nil:
		there := uint64(0)
		for n, r := range records {
			b.addresses[n] = col.address(r)
			there |= bit(b.addresses[n].IsValid()) << n
		}
		to.Addresses(i, b.addresses[:b.n], there)
	case col.number != nil:
		to.Numbers(i, b.numbers[:b.n], b.takeNumbers(col, records))
	default:
		for _, r := range records {
			hand(to, i, col.keptCell(r), netip.Addr{})
		}
	}
}

// visitKinds visits the values of a column of texts or numbers that are the same for
// records of one kind.
func (b *block[R]) visitKinds(i int, col *column[R], k *kinds, to ColumnVisitor) {
	for kind := range k.n {
		b.firsts[kind] = b.records[k.first[kind]]
	}
	firsts := b.firsts[:k.n]
	switch {
	case k.n == 1:
		hand(to, i, col.keptCell(firsts[0]), netip.Addr{})
		if b.n > 1 {
			to.Again(i, b.n-1)
		}
	case col.text != nil:
		to.TextsOf(i, b.texts[:k.n], b.takeTexts(col, firsts), k.of[:b.n])
	default:
		to.NumbersOf(i, b.numbers[:k.n], b.takeNumbers(col, firsts), k.of[:b.n])
	}
}

// takeTexts takes the texts of a column, and says which are there.
func (b *block[R]) takeTexts(col *column[R], records []*R) (there uint64) {
	for n, r := range records {
		text, ok := col.text(r)
		b.texts[n] = text
		there |= bit(ok) << n
	}
	return there
}

// takeNumbers takes the numbers of a column, and says which are there.
func (b *block[R]) takeNumbers(col *column[R], records []*R) (there uint64) {
	for n, r := range records {
		number, ok := col.number(r)
		b.numbers[n] = number
		there |= bit(ok) << n
	}
	return there
}

func bit(set bool) uint64 {
	if set {
		return 1
	}
	return 0
}

// eachKept visits the values of a column that is not kept with all records.
func (b *block[R]) eachKept(i int, col *column[R], to ColumnVisitor) {
	for _, r := range b.records[:b.n] {
		c, at := col.keptCell(r), netip.Addr{}
		if c.kind == isAddress {
			at = col.address(r)
		}
		hand(to, i, c, at)
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
