package segment

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/format"
)

// encodesFlat reports whether a column of one value can have a dictionary; or it
// has none.
func (c *column) encodesFlat() bool {
	return c.present == 0 || c.kind != isDouble && c.kind != isBool
}

// encodeFlat encodes a column of which all rows have the same value, or none.
func (e *encoder) encodeFlat(out *encoded, c *column, rows int, dictionary []byte) {
	e.distinct = e.distinct[:0]
	if c.present == 0 {
		out.data = appendLevelRun(out.data, rows, 0)
		return
	}
	out.data = appendLevelRun(out.data, rows, 1)
	e.distinct = append(e.distinct, c.flat)
	switch c.kind {
	case isText:
		text := c.dict.at(c.flat)
		dictionary = appendText(dictionary, text)
		if len(text) <= longBound {
			out.min, out.max = text, text
		}
	case isInt32:
		dictionary = appendInt(dictionary, e.distinct)
		out.min, out.max = dictionary, dictionary
	default:
		dictionary = appendLong(dictionary, e.distinct)
		out.min, out.max = dictionary, dictionary
	}
	out.encoding, out.dictionary, out.entries = format.RLEDictionary, dictionary, 1
	out.data = appendRun(append(out.data, 1), rows, 0) // codes of one bit
}

// appendLevelRun begins a page of which all rows have a value, or none.
func appendLevelRun(dst []byte, rows int, level byte) []byte {
	at := len(dst)
	dst = appendRun(append(dst, 0, 0, 0, 0), rows, level)
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// appendRun appends a number of at most eight bits that is repeated, in Parquet's
// run-length form.
func appendRun(dst []byte, times int, number byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(times)<<1), number)
}

// gather takes the column's values in the order of the rows.
func (e *encoder) gather(c *column, rows int) {
	c.spread()
	switch {
	case e.order == nil:
		e.has, e.nums = c.has, c.nums
		if c.present < rows {
			e.nums = c.appendPresent(e.ownNums[:0])
			e.ownNums = e.nums
		}
		return
	case c.present == rows:
		e.ownNums = e.ownNums[:0]
		var nums []int64
		e.ownNums, nums = extend(e.ownNums, len(e.order))
		for i, at := range e.order {
			nums[i] = c.nums[at]
		}
		e.has, e.nums = nil, e.ownNums
		return
	}
	e.ownHas, e.ownNums = e.ownHas[:0], e.ownNums[:0]
	for _, at := range e.order {
		e.ownHas = append(e.ownHas, c.has[at])
		if c.has[at] != 0 {
			e.ownNums = append(e.ownNums, c.nums[at])
		}
	}
	e.has, e.nums = e.ownHas, e.ownNums
}

// appendPresent appends the values of the rows that have one.
func (c *column) appendPresent(dst []int64) []int64 {
	dst, added := extend(dst, len(c.has)+1)
	n := 0
	for i, has := range c.has { // no branch: there is no telling which have one
		added[n] = c.nums[i]
		n += int(has)
	}
	return dst[:len(dst)-len(added)+n]
}
