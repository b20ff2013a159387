package segment

import (
	"math/bits"
	"slices"
)

// column is the values of one column, one for each row. Most columns of a table
// have the same value in all rows of a segment, or none: such a column is flat,
// and takes no memory for its rows.
type column struct {
	name    string
	kind    kind
	rows    int
	present int // how many of them have a value
	// flat is the value of all rows, if they have one, as long as nums is empty.
	flat int64
	// nums has a number, microseconds, the bits of a double, 0 or 1, or the
	// code of a text; anything where has is 0.
	nums []int64
	has  []byte // 1 for a value, 0 for an absent one; empty where none is absent
	dict dictionary
}

// reset makes the column empty and keeps its memory.
func (c *column) reset() {
	c.rows, c.present = 0, 0
	c.nums, c.has = c.nums[:0], c.has[:0]
	c.dict.reset()
}

// isFlat reports whether all rows have the same value, or none has one.
func (c *column) isFlat() bool { return len(c.nums) == 0 }

// value is that of a row, and whether there is one.
func (c *column) value(row int) (int64, bool) {
	switch {
	case c.isFlat():
		return c.flat, c.present > 0
	case len(c.has) > 0 && c.has[row] == 0:
		return 0, false
	}
	return c.nums[row], true
}

// put appends a value.
func (c *column) put(n int64) {
	if len(c.nums) == 0 {
		if c.rows == 0 {
			c.flat = n
		}
		if c.present == c.rows && n == c.flat {
			c.rows++
			c.present++
			return
		}
		c.spread()
	}
	c.nums = append(c.nums, n)
	if len(c.has) > 0 {
		c.has = append(c.has, 1)
	}
	c.rows++
	c.present++
}

// putAll appends as many rows as there are numbers, at most 64. There has a bit
// for each, 0 for one without a value.
func (c *column) putAll(nums []int64, there uint64) {
	switch present := bits.OnesCount64(there); {
	case present == 0:
		c.skip(len(nums))
		return
	case present < len(nums):
		c.putSome(nums, there)
		return
	}
	c.putRun(nums)
}

// putOf appends rows of few numbers: of says which of them each row has. There has a bit
// for each number, 0 for none.
func (c *column) putOf(nums []int64, there uint64, of []uint8) {
	if present := bits.OnesCount64(there); present < len(nums) {
		c.putSomeOf(nums, there, of)
		return
	}
	if c.isFlat() && c.holdsOnly(nums) {
		c.flat = nums[0]
		c.rows += len(of)
		c.present += len(of)
		return
	}
	c.spread()
	var added []int64
	c.nums, added = extend(c.nums, len(of))
	for i, n := range of {
		added[i] = nums[n]
	}
	if len(c.has) > 0 {
		c.has = repeat(c.has, 1, len(of))
	}
	c.rows += len(of)
	c.present += len(of)
}

// holdsOnly reports whether a flat column stays one with all of these numbers.
func (c *column) holdsOnly(nums []int64) bool {
	value := c.flat
	if c.rows == 0 {
		value = nums[0]
	}
	return c.present == c.rows && !slices.ContainsFunc(nums, func(n int64) bool { return n != value })
}

// putSomeOf is putOf where some rows have no value, or none has one.
func (c *column) putSomeOf(nums []int64, there uint64, of []uint8) {
	if there == 0 {
		c.skip(len(of))
		return
	}
	c.spread()
	c.mark()
	for _, n := range of {
		has := byte(there >> n & 1)
		c.nums, c.has = append(c.nums, nums[n]), append(c.has, has)
		c.present += int(has)
	}
	c.rows += len(of)
}

// putRun appends as many rows as there are numbers.
func (c *column) putRun(nums []int64) {
	for c.isFlat() && len(nums) > 0 {
		c.put(nums[0])
		nums = nums[1:]
	}
	c.nums = append(c.nums, nums...)
	if len(c.has) > 0 {
		c.has = repeat(c.has, 1, len(nums))
	}
	c.rows += len(nums)
	c.present += len(nums)
}

// putSome is putAll where some have a value and some have none.
func (c *column) putSome(nums []int64, there uint64) {
	c.spread()
	c.mark()
	c.nums = append(c.nums, nums...)
	var has []byte
	c.has, has = extend(c.has, len(nums))
	for n := range has {
		has[n] = byte(there >> n & 1)
	}
	c.rows += len(nums)
	c.present += bits.OnesCount64(there)
}

// skip appends so many rows without a value.
func (c *column) skip(rows int) {
	if rows == 0 {
		return
	}
	if c.present > 0 {
		c.spread()
		c.mark()
		c.nums, c.has = repeat(c.nums, 0, rows), repeat(c.has, 0, rows)
	}
	c.rows += rows
}

// again appends so many rows that are as the last one.
func (c *column) again(rows int) {
	n, there := c.value(c.rows - 1)
	if !there {
		c.skip(rows)
		return
	}
	if !c.isFlat() {
		c.nums = repeat(c.nums, n, rows)
		if len(c.has) > 0 {
			c.has = repeat(c.has, 1, rows)
		}
	}
	c.rows += rows
	c.present += rows
}

// spread gives each row a place of its own.
func (c *column) spread() {
	if !c.isFlat() {
		return
	}
	c.nums = repeat(c.nums, c.flat, c.rows)
	if c.present < c.rows {
		c.has = repeat(c.has, 0, c.rows)
	}
}

// mark says of each row whether it has a value, where all had one.
func (c *column) mark() {
	if len(c.has) == 0 {
		c.has = repeat(c.has, 1, c.rows)
	}
}

func repeat[T any](dst []T, value T, times int) []T {
	dst, added := extend(dst, times)
	for i := range added {
		added[i] = value
	}
	return dst
}

// extend makes a slice longer: added is what is new in it, to be filled by who knows
// how long it is, which takes half the time of appending one by one.
func extend[T any](dst []T, by int) (all, added []T) {
	all = slices.Grow(dst, by)[:len(dst)+by]
	return all, all[len(dst):]
}
