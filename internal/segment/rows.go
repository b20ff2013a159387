package segment

import "encoding/binary"

// How the values of a column are written down.
const (
	formSame = 0 // one for all rows
	formEach = 1 // one for each
	formSome = 2 // a bit for each row, the lowest first, and one for each bit that is set
)

// AppendRows writes the rows down that were added since there were so many, for
// [ReadRows]: a few bytes a value, at little cost, as the columns are there. It
// is good for what is read by the next process, if at all.
//
//	table's name, number of rows, number of columns that have a value
//	of each column: name, kind, form, bits if the form has some, values
//
// Numbers are varints; texts have their length in front; whole numbers and times
// are what they differ by from the one before, with the sign in the lowest bit.
func (w *Writer) AppendRows(dst []byte, from int) []byte {
	rows := w.batch.rows - from
	if rows <= 0 {
		return dst
	}
	dst = appendShort(dst, w.batch.table.Name)
	dst = binary.AppendUvarint(dst, uint64(rows))
	dst = append(dst, 0, 0)
	columns, at := uint16(0), len(dst)
	for i := range w.batch.columns {
		c := &w.batch.columns[i]
		before := len(dst)
		if dst = c.appendRows(dst, from, i == 0); len(dst) > before {
			columns++
		}
	}
	binary.LittleEndian.PutUint16(dst[at-2:], columns)
	return dst
}

func appendShort(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// appendRows appends the column's values from a row on; nothing where there are
// none. The first column has one for each row, so that what is written down is
// as long as there are rows.
func (c *column) appendRows(dst []byte, from int, each bool) []byte {
	form, present := c.formOf(from)
	if present == 0 {
		return dst
	}
	if each {
		form = formEach
	}
	dst = append(appendShort(dst, c.name), byte(c.kind), byte(form))
	before := int64(0)
	switch form {
	case formSame:
		n, _ := c.value(from)
		return c.appendValue(dst, n, before)
	case formSome:
		dst = c.appendBits(dst, from)
	}
	for row := from; row < c.rows; row++ {
		if n, there := c.value(row); there {
			dst = c.appendValue(dst, n, before)
			before = n
		}
	}
	return dst
}

// formOf is how the values from a row on are written, and how many they are.
func (c *column) formOf(from int) (form, present int) {
	if c.isFlat() {
		return formSame, min(c.present, c.rows-from)
	}
	first, _ := c.value(from)
	form = formSame
	for row := from; row < c.rows; row++ {
		n, there := c.value(row)
		if !there {
			continue
		}
		present++
		if n != first {
			form = formEach
		}
	}
	if present < c.rows-from {
		form = formSome
	}
	return form, present
}

func (c *column) appendBits(dst []byte, from int) []byte {
	for row := from; row < c.rows; row++ {
		if (row-from)%8 == 0 {
			dst = append(dst, 0)
		}
		if _, there := c.value(row); there {
			dst[len(dst)-1] |= 1 << ((row - from) % 8)
		}
	}
	return dst
}

func (c *column) appendValue(dst []byte, n, before int64) []byte {
	switch c.kind {
	case isText:
		text := c.dict.at(n)
		return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
	case isDouble:
		return binary.LittleEndian.AppendUint64(dst, uint64(n))
	}
	return binary.AppendVarint(dst, n-before)
}
