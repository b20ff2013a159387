package segment

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/format"
)

// A key filter is a Bloom filter of all keys of a row group, behind it in the
// file, where other readers look for nothing. Asking it takes one short read, where
// to open a file for a query takes DuckDB a hundred times as long; so it is for
// segments that are many and small.

// keyedLevels are the levels whose segments have key filters: those that are
// merged soon. What stays is few files, where a filter costs more than it saves.
const keyedLevels = 2

// keysKey is the key in the footer of what it says of key filters.
const keysKey = "sekisho.keys"

// keysVersion changes with anything that makes a key another one, or gives a key
// to what had none: an older filter would deny it.
const keysVersion = 1

// keyBits is how many bits each key has: one question in a hundred is answered
// "may be" in vain.
const keyBits = 10

// Blocks are written in chunks with a checksum of each, because a wrong bit
// would hide rows.
const (
	chunkBlocks = 16
	chunkSize   = chunkBlocks*bloom.BlockSize + 4
)

// Keys say where a segment's key filters are; the zero value is of one that has
// none.
type Keys struct {
	Version int `json:"version,omitempty"`
	// Groups are, for each row group, where in the file its filter begins and
	// how many blocks of 32 bytes it has.
	Groups [][2]int64 `json:"groups,omitempty"`
}

// parseKeys reads what a footer says. What is not understood is no filter.
func parseKeys(text string) Keys {
	var k Keys
	if err := json.Unmarshal([]byte(text), &k); err != nil || k.Version != keysVersion {
		return Keys{}
	}
	return k
}

// writeKeys writes the key filter of a row group.
func (f *file) writeKeys(b *batch) error {
	keys := f.maker.keysOf(b)
	if len(keys) == 0 {
		keys = append(keys, 0) // a filter that denies all
	}
	f.sizeFilter(len(keys), keyBits)
	for _, k := range keys {
		f.filter.Insert(k.at(f.at))
	}
	f.keys.Version = keysVersion
	f.keys.Groups = append(f.keys.Groups, [2]int64{f.at, int64(len(f.filter))})
	for chunk := range slices.Chunk(f.filter, chunkBlocks) {
		data := chunk.Bytes()
		if err := f.write(data); err != nil {
			return err
		}
		if err := f.write(binary.LittleEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli))); err != nil {
			return err
		}
	}
	return nil
}

// at is a key's hash in the filter at a place. In each it is another, so that who
// asks in vain, because others have the same bits, does not do so in all segments
// that have these others: the same hosts are in most.
func (k Key) at(place int64) uint64 { return scatter(uint64(k) ^ uint64(place)) }

// sayKeys is what the footer says of the key filters.
func (f *file) sayKeys() ([]format.KeyValue, error) {
	if len(f.keys.Groups) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(f.keys)
	return []format.KeyValue{{Key: keysKey, Value: string(text)}}, err
}

// Probe asks the key filters of one segment.
type Probe struct {
	file   *os.File
	groups [][2]int64
	chunk  [chunkSize]byte
}

// Probe opens the key filters of a segment; close it. It is nil where there are
// none or they cannot be read: such a one denies nothing.
func (i *Info) Probe() *Probe {
	if i.Keys.Version != keysVersion || len(i.Keys.Groups) == 0 {
		return nil
	}
	f, err := os.Open(i.Path)
	if err != nil {
		return nil
	}
	return &Probe{file: f, groups: i.Keys.Groups}
}

// Close ends it.
func (p *Probe) Close() {
	if p != nil {
		p.file.Close()
	}
}

// MayHave reports whether a row of the segment may have a key. False is certain.
func (p *Probe) MayHave(k Key) bool {
	return p == nil || slices.ContainsFunc(p.groups, func(g [2]int64) bool { return p.groupMayHave(g[0], g[1], k) })
}

func (p *Probe) groupMayHave(at, blocks int64, k Key) bool {
	if blocks <= 0 || blocks > math.MaxInt32 {
		return true
	}
	hash := k.at(at)
	block := int64(hash >> 32 * uint64(blocks) >> 32) // as bloom.SplitBlockFilter has it
	first := block / chunkBlocks * chunkBlocks
	data := p.chunk[:min(chunkBlocks, blocks-first)*bloom.BlockSize+4]
	if _, err := p.file.ReadAt(data, at+first/chunkBlocks*chunkSize); err != nil {
		return true
	}
	bits, sum := data[:len(data)-4], binary.LittleEndian.Uint32(data[len(data)-4:])
	if crc32.Checksum(bits, castagnoli) != sum {
		return true
	}
	return bloom.MakeSplitBlockFilter(bits)[block-first].Check(uint32(hash))
}
