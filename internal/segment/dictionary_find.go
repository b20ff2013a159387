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
	if 4*len(d.ends) >= 3*len(d.table) {
		d.grow()
	}
	hash := uint32(maphash.String(hashSeed, s))
	mask := uint32(len(d.table) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		p := d.table[i]
		if p.code == 0 {
			d.data = append(d.data, s...)
			d.ends = append(d.ends, uint32(len(d.data)))
			d.table[i] = place{hash, uint32(len(d.ends))}
			return int64(len(d.ends)) - 1
		}
		if code := int64(p.code) - 1; p.hash == hash && string(d.at(code)) == s {
			return code
		}
	}
}

// place is where a text is found: its hash is there too, so that others are told
// apart without being looked at.
type place struct{ hash, code uint32 } // the code plus 1

// grow makes more room in the table.
func (d *dictionary) grow() {
	table := make([]place, max(64, 2*len(d.table)))
	mask := uint32(len(table) - 1)
	for _, p := range d.table {
		if p.code == 0 {
			continue
		}
		i := p.hash & mask
		for table[i].code != 0 {
			i = (i + 1) & mask
		}
		table[i] = p
	}
	d.table = table
}

var hashSeed = maphash.MakeSeed()
