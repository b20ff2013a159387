package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// A file of rows that were written down is blocks, one behind the other. A block
// is rows of one table:
//
//	1 byte   blockMark
//	4 bytes  how many bytes follow the checksum, the lowest first
//	4 bytes  CRC-32C of those
//	         rows, as segment.Writer.AppendRows writes them
//
// or one row as a line of JSON, which begins with a brace.
const (
	blockMark = 0xb1
	blockHead = 9
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendBlock appends the rows of a writer since there were so many.
func appendBlock(dst []byte, w *segment.Writer, from int) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, blockHead)...)
	dst = w.AppendRows(dst, from)
	body := dst[at+blockHead:]
	if len(body) == 0 {
		return dst[:at]
	}
	dst[at] = blockMark
	binary.LittleEndian.PutUint32(dst[at+1:], uint32(len(body)))
	binary.LittleEndian.PutUint32(dst[at+5:], crc32.Checksum(body, castagnoli))
	return dst
}

// readBlocks reads blocks and lines up to the end, or to one that is not whole:
// the process was killed while it was written. It says where that begins.
func readBlocks(data []byte) (records []logs.Record, whole int, err error) {
	for whole < len(data) {
		some, size, err := readBlock(data[whole:])
		if errors.Is(err, errTorn) {
			return records, whole, nil
		}
		if err != nil {
			return nil, whole, err
		}
		records = append(records, some...)
		whole += size
	}
	return records, whole, nil
}

var errTorn = errors.New("it is not whole")

// readBlock reads the first block or line.
func readBlock(data []byte) (records []logs.Record, size int, err error) {
	switch {
	case data[0] == '{':
		size = bytes.IndexByte(data, '\n') + 1
		if size == 0 {
			return nil, 0, errTorn
		}
		r, err := logs.ParseJSON(data[:size])
		return []logs.Record{r}, size, err
	case data[0] != blockMark || len(data) < blockHead:
		return nil, 0, errTorn
	}
	length := uint64(binary.LittleEndian.Uint32(data[1:]))
	if length == 0 || length > uint64(len(data)-blockHead) { // zeros are what a host leaves that lost power
		return nil, 0, errTorn
	}
	body := data[blockHead : blockHead+length]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(data[5:]) {
		return nil, 0, errTorn
	}
	records, err = segment.ReadRows(body)
	return records, blockHead + len(body), err
}
