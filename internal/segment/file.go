package segment

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/sekisho/sekisho/internal/logs"
)

// file writes one Parquet file: row groups of one data page a column. The
// library's own writer takes rows value by value and hashes every text to find
// its code; here the codes are known. Its encodings, compression and structures
// are used.
type file struct {
	table *logs.Table
	out   *bufio.Writer
	at    int64  // bytes written
	sum   uint32 // their checksum

	encoder *encoder // while a row group is written
	codec   *codec   // quickest, or thorough where rows are sorted
	// filtered has a Bloom filter made of the connections' ids.
	filtered bool
	filter   bloom.SplitBlockFilter
	// keyed has a filter of its keys behind each row group.
	keyed bool
	maker keyMaker
	keys  Keys
	meta  format.FileMetaData
	// Memory for headers.
	header   bytes.Buffer
	thrift   *thrift.Encoder
	protocol thrift.CompactProtocol
}

var magic = []byte("PAR1")

func newFile(table *logs.Table) *file {
	f := &file{table: table, out: bufio.NewWriterSize(nil, 1<<16), codec: quickest, keyed: true}
	f.thrift = thrift.NewEncoder(f.protocol.NewWriter(&f.header))
	f.meta.Version = 2
	f.meta.CreatedBy = "sekisho (github.com/sekisho/sekisho)"
	f.meta.Schema = schemaOf(table)
	for range table.Columns {
		f.meta.ColumnOrders = append(f.meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	return f
}

// begin starts a file that goes to w.
func (f *file) begin(w io.Writer) error {
	f.out.Reset(w)
	f.at, f.sum, f.meta.NumRows = 0, 0, 0
	f.meta.RowGroups, f.keys = f.meta.RowGroups[:0], Keys{}
	return f.write(magic)
}

func (f *file) write(data []byte) error {
	n, err := f.out.Write(data)
	f.at += int64(n)
	f.sum = crc32.Update(f.sum, castagnoli, data[:n])
	return err
}

// group returns the next row group's description, in memory that was used
// before where there is some.
func (f *file) group(rows int) *format.RowGroup {
	n := len(f.meta.RowGroups)
	if n < cap(f.meta.RowGroups) {
		f.meta.RowGroups = f.meta.RowGroups[:n+1]
	} else {
		f.meta.RowGroups = append(f.meta.RowGroups, format.RowGroup{})
	}
	g := &f.meta.RowGroups[n]
	if g.Columns == nil {
		g.Columns = make([]format.ColumnChunk, len(f.table.Columns))
	}
	g.NumRows, g.Ordinal, g.FileOffset, g.TotalByteSize, g.TotalCompressedSize = int64(rows), int16(n), f.at, 0, 0
	return g
}

// writeBatch writes a batch as a row group, in that order.
func (f *file) writeBatch(b *batch, o order) error {
	f.encoder = takeEncoder()
	defer giveEncoder(f.encoder)
	f.encoder.order, f.encoder.parts, f.encoder.rare = o.rows, o.parts, rareSorted
	if o.rows == nil {
		f.encoder.rare = rareUnsorted
	}
	g := f.group(b.rows)
	for i := range b.columns {
		chunk := &g.Columns[i]
		if err := f.writeColumn(&b.columns[i], b.rows, chunk); err != nil {
			return err
		}
		g.TotalByteSize += chunk.MetaData.TotalUncompressedSize
		g.TotalCompressedSize += chunk.MetaData.TotalCompressedSize
	}
	f.meta.NumRows += int64(b.rows)
	if id := b.table.Index(connectionColumn); f.filtered && id >= 0 && b.columns[id].present > 0 {
		if err := f.writeFilter(&g.Columns[id].MetaData); err != nil {
			return err
		}
	}
	if f.keyed && hasKeys(b.table) {
		return f.writeKeys(b)
	}
	return nil
}

func (f *file) writeColumn(c *column, rows int, chunk *format.ColumnChunk) error {
	p, err := f.encoder.encode(c, rows)
	if err != nil {
		return err
	}
	if f.filtered && c.name == connectionColumn && c.present > 0 {
		f.fillFilter(&c.dict)
	}
	meta := &chunk.MetaData
	f.describe(meta, c, p, rows)
	if p.dictionary != nil {
		meta.DictionaryPageOffset = f.at
		if err := f.writePage(meta, p.dictionary, nil, format.PageHeader{Type: format.DictionaryPage,
			DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(p.entries), Encoding: format.Plain})}); err != nil {
			return err
		}
	}
	meta.DataPageOffset = f.at
	page := format.DataPageHeader{NumValues: int32(rows), Encoding: p.encoding,
		DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE, Statistics: format.Statistics{NullCount: meta.Statistics.NullCount}}
	return f.writePage(meta, p.data, p.cuts, format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(page)})
}

// describe fills what the footer says of a column, but for places and sizes.
func (f *file) describe(meta *format.ColumnMetaData, c *column, p encoded, rows int) {
	if meta.PathInSchema == nil {
		meta.PathInSchema = []string{c.name}
	}
	meta.Type, meta.Codec, meta.NumValues = c.kind.physical(), format.Zstd, int64(rows)
	if len(p.dictionary)+len(p.data) < tinyPages {
		meta.Codec = format.Uncompressed
	}
	meta.Encoding = append(meta.Encoding[:0], format.RLE, p.encoding)
	if p.dictionary != nil {
		meta.Encoding = append(meta.Encoding, format.Plain)
	}
	meta.Statistics = format.Statistics{NullCount: int64(rows - c.present), MinValue: append(meta.Statistics.MinValue[:0], p.min...), MaxValue: append(meta.Statistics.MaxValue[:0], p.max...)}
	if p.min == nil {
		meta.Statistics.MinValue, meta.Statistics.MaxValue = nil, nil
	}
	meta.DictionaryPageOffset, meta.TotalUncompressedSize, meta.TotalCompressedSize = 0, 0, 0
	meta.BloomFilterOffset, meta.BloomFilterLength = 0, 0
}

func (f *file) writePage(meta *format.ColumnMetaData, body []byte, cuts []int, header format.PageHeader) error {
	stored := body
	if meta.Codec == format.Zstd {
		f.encoder.compressed = f.codec.compress(f.encoder.compressed[:0], body, cuts)
		stored = f.encoder.compressed
	}
	header.UncompressedPageSize, header.CompressedPageSize = int32(len(body)), int32(len(stored))
	header.CRC = int32(crc32.ChecksumIEEE(stored))
	f.header.Reset()
	if err := f.thrift.Encode(&header); err != nil {
		return err
	}
	meta.TotalUncompressedSize += int64(f.header.Len() + len(body))
	meta.TotalCompressedSize += int64(f.header.Len() + len(stored))
	if err := f.write(f.header.Bytes()); err != nil {
		return err
	}
	return f.write(stored)
}

// end writes the footer, with what the file says of itself, and checksums in
// front of it: see checksums.
func (f *file) end(say string) error {
	keys, err := f.sayKeys()
	if err != nil {
		return fmt.Errorf("encode footer: %w", err)
	}
	f.meta.KeyValueMetadata = append(append(f.meta.KeyValueMetadata[:0], format.KeyValue{Key: metaKey, Value: say}), keys...)
	f.header.Reset()
	if err := f.thrift.Encode(&f.meta); err != nil {
		return fmt.Errorf("encode footer: %w", err)
	}
	footer := f.header.Bytes()
	sums := binary.LittleEndian.AppendUint32(nil, f.sum)
	sums = binary.LittleEndian.AppendUint32(sums, crc32.Checksum(footer, castagnoli))
	end := append(binary.LittleEndian.AppendUint32(nil, uint32(len(footer))), magic...)
	for _, data := range [][]byte{sums, footer, end} {
		if err := f.write(data); err != nil {
			return err
		}
	}
	return f.out.Flush()
}
