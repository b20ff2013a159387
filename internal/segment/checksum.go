package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// checksums are two CRC-32C in the eight bytes before a segment's footer, where
// readers of Parquet look for nothing: of all bytes before them, and of the
// footer. A single wrong bit in a footer or in the header of a page, which
// Parquet itself does not protect, can have a reader ask for more memory than
// there is, which ends the process; so nothing is read that was not checked.
type checksums struct {
	rest, footer uint32
	at           int64 // where they are
}

const (
	sumsSize = 8
	endSize  = 8 // length of the footer, and the magic word
)

// readChecksums reads the checksums of a file of that size and checks the
// footer by its own.
func readChecksums(f *os.File, size int64) (checksums, error) {
	var c checksums
	if size < int64(len(magic))+sumsSize+endSize {
		return c, fmt.Errorf("it has %d bytes", size)
	}
	var end [endSize]byte
	if _, err := f.ReadAt(end[:], size-endSize); err != nil {
		return c, err
	}
	if !bytes.Equal(end[4:], magic) {
		return c, errors.New("it does not end as Parquet does")
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	c.at = size - endSize - length - sumsSize
	if c.at < int64(len(magic)) {
		return c, fmt.Errorf("its footer cannot have %d bytes", length)
	}
	data := make([]byte, sumsSize+length)
	if _, err := f.ReadAt(data, c.at); err != nil {
		return c, err
	}
	c.rest, c.footer = binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
	if crc32.Checksum(data[sumsSize:], castagnoli) != c.footer {
		return c, errors.New("its footer has another checksum than it says, or another program wrote it")
	}
	return c, nil
}

var errPages = errors.New("its pages have another checksum than it says")

// check checks all that comes before the footer.
func (c checksums) check(f *os.File) error {
	sum := crc32.New(castagnoli)
	if _, err := io.CopyBuffer(sum, io.NewSectionReader(f, 0, c.at), make([]byte, 1<<18)); err != nil {
		return err
	}
	if sum.Sum32() != c.rest {
		return errPages
	}
	return nil
}
