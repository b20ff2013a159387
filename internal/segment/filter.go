package segment

import (
	"fmt"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/format"
)

// filterBits is how many bits of a Bloom filter each different text has: one row
// group in forty is read in vain, which takes two milliseconds. With 10 bits it
// would be one in a hundred, for half a hundredth of the file more.
const filterBits = 8

// fillFilter makes the filter of the texts that were encoded last.
func (f *file) fillFilter(d *dictionary) {
	f.sizeFilter(len(f.encoder.distinct), filterBits)
	for _, n := range f.encoder.distinct {
		f.filter.Insert(bloom.XXH64{}.Sum64(d.at(n)))
	}
}

// sizeFilter makes an empty filter for so many different values.
func (f *file) sizeFilter(values int, bits uint) {
	blocks := bloom.NumSplitBlocksOf(int64(values), bits)
	if cap(f.filter) < blocks {
		f.filter = make(bloom.SplitBlockFilter, blocks)
	}
	f.filter = f.filter[:blocks]
	f.filter.Reset()
}

// writeFilter writes the filter behind its row group.
func (f *file) writeFilter(meta *format.ColumnMetaData) error {
	bits := f.filter.Bytes()
	header := format.BloomFilterHeader{NumBytes: int32(len(bits))}
	header.Algorithm.Value = &format.SplitBlockAlgorithm{}
	header.Hash.Value = &format.XxHash{}
	header.Compression.Value = &format.BloomFilterUncompressed{}
	f.header.Reset()
	if err := f.thrift.Encode(&header); err != nil {
		return fmt.Errorf("encode filter: %w", err)
	}
	meta.BloomFilterOffset, meta.BloomFilterLength = f.at, int32(f.header.Len()+len(bits))
	if err := f.write(f.header.Bytes()); err != nil {
		return err
	}
	return f.write(bits)
}
