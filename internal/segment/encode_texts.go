package segment

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

func (e *encoder) encodeTexts(out *encoded, d *dictionary, dictionary []byte) error {
	if e.order == nil {
		e.takeCodes(d.len())
	} else {
		e.count(0, int64(d.len()), math.MaxInt)
	}
	out.min, out.max = e.textBounds(d)
	if len(e.distinct)*e.rare > len(e.nums) && len(e.distinct) > 1 {
		out.encoding = format.DeltaLengthByteArray
		return e.appendTexts(out, d)
	}
	if e.order != nil {
		e.sortTexts(d)
	}
	for _, n := range e.distinct {
		dictionary = appendText(dictionary, d.at(n))
	}
	return e.appendCodes(out, dictionary)
}

// sortTexts gives texts codes in their order, not in that in which they come: the
// dictionary is shorter where each text begins as the one before it.
func (e *encoder) sortTexts(d *dictionary) {
	places := make([]int32, len(e.distinct))
	for i := range places {
		places[i] = int32(i)
	}
	slices.SortFunc(places, func(a, b int32) int { return bytes.Compare(d.at(e.distinct[a]), d.at(e.distinct[b])) })
	sorted, codes := make([]int64, len(places)), make([]int32, len(places))
	for code, place := range places {
		sorted[code], codes[place] = e.distinct[place], int32(code)
	}
	copy(e.distinct, sorted)
	for i, code := range e.codes {
		e.codes[i] = codes[code]
	}
}

// takeCodes takes a column's own codes: where the order is that in which values
// came, they count as count does.
func (e *encoder) takeCodes(distinct int) {
	e.distinct = e.distinct[:0]
	for n := range distinct {
		e.distinct = append(e.distinct, int64(n))
	}
	var codes []int32
	e.codes, codes = extend(e.codes[:0], len(e.nums))
	for i, n := range e.nums {
		codes[i] = int32(n)
	}
}

func appendText(dst, text []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(text))), text...)
}

func (e *encoder) textBounds(d *dictionary) (least, greatest []byte) {
	for i, n := range e.distinct {
		text := d.at(n)
		if len(text) > longBound {
			return nil, nil
		}
		if i == 0 || string(text) < string(least) {
			least = text
		}
		if i == 0 || string(text) > string(greatest) {
			greatest = text
		}
	}
	return least, greatest
}

// appendTexts appends all lengths and then all texts.
func (e *encoder) appendTexts(out *encoded, d *dictionary) error {
	e.texts, e.ends = e.texts[:0], append(e.ends[:0], 0)
	for _, n := range e.nums {
		e.texts = append(e.texts, d.at(n)...)
		e.ends = append(e.ends, uint32(len(e.texts)))
	}
	var err error
	var coding delta.LengthByteArrayEncoding
	e.body, err = coding.EncodeByteArray(e.body, e.texts, e.ends)
	out.data = append(out.data, e.body...)
	return err
}

// appendCodes appends the codes of the values, whose texts or numbers are in
// the dictionary.
func (e *encoder) appendCodes(out *encoded, dictionary []byte) error {
	out.encoding, out.dictionary, out.entries = format.RLEDictionary, dictionary, len(e.distinct)
	width := bits.Len(uint(max(len(e.distinct)-1, 0)))
	if width > packedBits {
		width = (width + 7) / 8 * 8
	}
	var err error
	coding := rle.Encoding{BitWidth: width}
	e.body, err = coding.EncodeInt32(e.body, e.codes)
	out.data = append(append(out.data, byte(width)), e.body...)
	if err == nil && len(e.distinct) >= manyCodes && len(e.has) == 0 {
		out.cuts, err = e.cuts(coding, len(out.data)-len(e.body))
	}
	return err
}

// cuts is where in a page, of which the codes begin there, those of rows of other
// flags begin, give or take a few bytes.
func (e *encoder) cuts(coding rle.Encoding, at int) (cuts []int, err error) {
	row := 0
	for _, next := range e.parts {
		if e.body, err = coding.EncodeInt32(e.body, e.codes[row:next]); err != nil {
			return nil, err
		}
		at += len(e.body)
		row = next
		cuts = append(cuts, at)
	}
	return cuts, nil
}
