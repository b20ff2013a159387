package segment

import (
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// encoder turns the columns of a batch into the bodies of Parquet's pages. Its
// slices are memory that it uses for one column after the other.
type encoder struct {
	// order is the order of the rows; nil is that of the batch. Parts is where
	// rows of another flag begin.
	order []int32
	parts []int
	// rare is how often texts come, on average, that are not written out.
	rare int

	has      []byte  // of the column in that order; empty where none is absent
	nums     []int64 // its values, absent ones left out
	distinct []int64 // its different values in the order in which they come; empty where they are too many to be counted
	codes    []int32 // for each value its place in distinct
	seen     []int32 // scratch: for each value its place in distinct plus 1
	ownHas   []byte  // memory for has and nums, where they are not the column's
	ownNums  []int64

	texts  []byte
	ends   []uint32
	body   []byte
	steps  []int32
	levels []byte

	// Memory for one column after the other.
	dictionary, data, compressed []byte
}

// encoders are those that nobody uses at the moment: their memory is used again
// by whoever writes next. There are as many as write at a time.
var encoders struct {
	sync.Mutex
	free []*encoder
}

func takeEncoder() *encoder {
	encoders.Lock()
	defer encoders.Unlock()
	n := len(encoders.free)
	if n == 0 {
		return &encoder{}
	}
	e := encoders.free[n-1]
	encoders.free = encoders.free[:n-1]
	return e
}

// giveEncoder gives an encoder back. It forgets the columns that it has seen.
func giveEncoder(e *encoder) {
	e.order, e.parts, e.has, e.nums = nil, nil, nil, nil
	encoders.Lock()
	defer encoders.Unlock()
	encoders.free = append(encoders.free, e)
}

// encoded is a column as the bodies of pages that are not compressed yet.
type encoded struct {
	encoding   format.Encoding
	dictionary []byte // nil where the encoding has none
	entries    int    // of the dictionary
	data       []byte
	min, max   []byte // nil where they are not told
	// cuts is where in data begins what should have statistics of its own.
	cuts []int
}

// The encodings, chosen by what they took of the same rows after compression;
// docs/explanation/segments.md has the figures.
const (
	// Numbers with so few different values become codes.
	fewNumbers = 256
	// Numbers that lie closer together are counted with a table.
	countedSpan = 1 << 16
	// Texts that come less often than this, on average, are written out where
	// rows are sorted: codes would cost more than the repetitions, which come in
	// long sequences. In the order of time there are none.
	rareSorted, rareUnsorted = 8, 2
	// Codes of more bits take whole bytes: compression then sees a sequence
	// of them that comes again.
	packedBits = 1
	// With fewer codes, those of servers and of clients are as good together.
	manyCodes = 32
	// Longer texts have no least and greatest in the footer.
	longBound = 64
)

// encode encodes a column. The result is good until the next call.
func (e *encoder) encode(c *column, rows int) (out encoded, err error) {
	out = encoded{data: e.data[:0], encoding: format.Plain}
	dictionary := e.dictionary[:0]
	defer func() {
		e.data = out.data
		if out.dictionary != nil {
			e.dictionary = out.dictionary
		}
	}()
	if c.isFlat() && c.encodesFlat() {
		e.encodeFlat(&out, c, rows, dictionary)
		return out, nil
	}
	e.gather(c, rows)
	err = e.appendLevels(&out, rows)
	switch {
	case err != nil:
	case c.kind == isText:
		err = e.encodeTexts(&out, &c.dict, dictionary)
	case c.kind == isBool:
		out.data = appendBits(out.data, e.nums)
	case c.kind == isDouble:
		out.data = appendLong(out.data, e.nums)
	default:
		err = e.encodeNumbers(&out, c.kind, dictionary)
	}
	if err != nil {
		return out, fmt.Errorf("encode column %s: %w", c.name, err)
	}
	return out, nil
}

// appendLevels begins a page with which rows have a value.
func (e *encoder) appendLevels(out *encoded, rows int) error {
	if len(e.has) == 0 {
		out.data = appendLevelRun(out.data, rows, 1)
		return nil
	}
	var err error
	coding := rle.Encoding{BitWidth: 1}
	if e.levels, err = coding.EncodeLevels(e.levels, e.has); err != nil {
		return err
	}
	out.data = binary.LittleEndian.AppendUint32(out.data, uint32(len(e.levels)))
	out.data = append(out.data, e.levels...)
	return nil
}

// count fills distinct and codes, of values from 0 to less than span. A file's
// codes are its own, so that its dictionary has only what its rows need, and
// what comes together has codes that are close. It stops where there are more than
// so many different ones.
func (e *encoder) count(base, span int64, most int) {
	if int64(len(e.seen)) < span {
		e.seen = make([]int32, max(span, countedSpan))
	}
	e.distinct = e.distinct[:0]
	var codes []int32
	e.codes, codes = extend(e.codes[:0], len(e.nums))
	for i, n := range e.nums {
		seen := &e.seen[n-base]
		if *seen == 0 {
			e.distinct = append(e.distinct, n)
			*seen = int32(len(e.distinct))
			if len(e.distinct) > most {
				break
			}
		}
		codes[i] = *seen - 1
	}
	for _, n := range e.distinct {
		e.seen[n-base] = 0
	}
}

func (e *encoder) encodeNumbers(out *encoded, k kind, dictionary []byte) error {
	write := appendLong
	if k == isInt32 {
		write = appendInt
	}
	least, greatest := bounds(e.nums)
	out.min, out.max = write(nil, []int64{least}), write(nil, []int64{greatest})
	if span := greatest - least; 0 <= span && span < countedSpan {
		if e.count(least, span+1, fewNumbers); len(e.distinct) <= fewNumbers {
			return e.appendCodes(out, write(dictionary, e.distinct))
		}
	}
	if k == isInt32 && e.order == nil {
		out.encoding = format.Plain
		out.data = appendInt(out.data, e.nums)
		return nil
	}
	out.encoding = format.DeltaBinaryPacked
	if k == isInt32 {
		out.data = e.appendSteps(out.data, e.nums)
		return nil
	}
	var err error
	var coding delta.BinaryPackedEncoding
	e.body, err = coding.EncodeInt64(e.body, e.nums)
	out.data = append(out.data, e.body...)
	return err
}

// bounds are the least and the greatest of numbers; there must be some.
func bounds(nums []int64) (least, greatest int64) {
	least, greatest = nums[0], nums[0]
	for _, n := range nums {
		least, greatest = min(least, n), max(greatest, n)
	}
	return least, greatest
}

func appendInt(dst []byte, nums []int64) []byte {
	dst, added := extend(dst, 4*len(nums))
	for i, n := range nums {
		binary.LittleEndian.PutUint32(added[4*i:], uint32(n))
	}
	return dst
}

func appendLong(dst []byte, nums []int64) []byte {
	dst, added := extend(dst, 8*len(nums))
	for i, n := range nums {
		binary.LittleEndian.PutUint64(added[8*i:], uint64(n))
	}
	return dst
}

// appendBits appends eight values a byte, the first in its lowest bit.
func appendBits(dst []byte, nums []int64) []byte {
	for i, n := range nums {
		if i%8 == 0 {
			dst = append(dst, 0)
		}
		dst[len(dst)-1] |= byte(n&1) << (i % 8)
	}
	return dst
}
