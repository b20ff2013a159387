package segment

import (
	"hash/maphash"
	"unicode/utf8"
	"unsafe"
)

// bytesText is bytes as a text, for find, which does not hold it.
func bytesText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// find is the code of a text by what it says, which it copies. Bytes that are no UTF-8 become
// U+FFFD, as they do in JSON: readers of Parquet refuse them.
func (d *dictionary) find(s string) int64 {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	if 2*len(d.ends) >= len(d.table) {
		d.grow()
	}
	mask := uint64(len(d.table) - 1)
	for i := maphash.String(hashSeed, s) & mask; ; i = (i + 1) & mask {
		if d.table[i] == 0 {
			d.data = append(d.data, s...)
			d.ends = append(d.ends, uint32(len(d.data)))
			d.table[i] = uint32(len(d.ends))
			return int64(len(d.ends)) - 1
		}
		if code := int64(d.table[i]) - 1; string(d.at(code)) == s {
			return code
		}
	}
}

// grow makes more room in the table.
func (d *dictionary) grow() {
	d.table = make([]uint32, max(64, 4*len(d.table)))
	mask := uint64(len(d.table) - 1)
	for code := range d.ends {
		i := maphash.Bytes(hashSeed, d.at(int64(code))) & mask
		for d.table[i] != 0 {
			i = (i + 1) & mask
		}
		d.table[i] = uint32(code) + 1
	}
}

var hashSeed = maphash.MakeSeed()
