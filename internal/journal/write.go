package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// ErrNoSegment is what Append says where there is no segment to append to:
// Begin makes one.
var ErrNoSegment = errors.New("the journal has no segment to append to")

const (
	frameSize  = 9 // length, checksum, kind
	headerSize = 16
	version    = 1
)

var magic = [8]byte{'S', 'K', 'S', 'H', 'J', 'R', 'N', version}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Full reports whether it is time to Begin a new segment: the newest is long
// enough, or there is none to append to.
func (j *Journal) Full() bool {
	return j.file == nil || j.newest().size >= j.options.SegmentBytes
}

// Size is how long all segments together are, in bytes.
func (j *Journal) Size() int64 {
	var sum int64
	for _, s := range j.segments {
		sum += s.size
	}
	return sum
}

// Spot is a place in a journal, the same one to each process that has it. The zero
// value is before everything.
type Spot struct {
	Segment uint64 `json:"segment"`
	Offset  int64  `json:"offset"`
}

// End is where the next record goes that is appended.
func (j *Journal) End() Spot {
	if len(j.segments) == 0 {
		return Spot{}
	}
	return Spot{j.newest().number, j.newest().size}
}

// Since is how many bytes of records there are from a spot on: all, where it is
// in a segment that is not there any more.
func (j *Journal) Since(spot Spot) int64 {
	var sum int64
	for _, s := range j.segments {
		switch {
		case s.number > spot.Segment:
			sum += s.size
		case s.number == spot.Segment:
			sum += max(0, s.size-spot.Offset)
		}
	}
	return sum
}

func (j *Journal) newest() *segment { return &j.segments[len(j.segments)-1] }

// Append writes one record, whose content is the parts one after the other.
// On an error the journal is as it was, and may be tried again.
func (j *Journal) Append(kind uint8, parts ...[]byte) error {
	if j.file == nil {
		return ErrNoSegment
	}
	err := j.append(j.file, j.newest(), kind, parts)
	for errors.Is(err, unix.ENOSPC) && j.deleteOldest() {
		err = j.append(j.file, j.newest(), kind, parts)
	}
	if err != nil {
		return fmt.Errorf("write to journal: %w", err)
	}
	return nil
}

// append writes a record at the end of a segment. Where that fails, what was
// written of it is taken back.
func (j *Journal) append(f *os.File, s *segment, kind uint8, parts [][]byte) error {
	length, err := lengthOf(parts)
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(j.frame[0:], length)
	binary.LittleEndian.PutUint32(j.frame[4:], checksum(s.number, s.size, kind, parts...))
	j.frame[8] = kind
	j.parts = append(append(j.parts[:0], j.frame[:]), parts...)
	if err := writeAll(f, j.parts, s.size); err != nil {
		return errors.Join(err, f.Truncate(s.size))
	}
	s.size += frameSize + int64(length)
	return nil
}

func lengthOf(parts [][]byte) (uint32, error) {
	var sum uint64
	for _, p := range parts {
		sum += uint64(len(p))
	}
	if sum > math.MaxUint32 {
		return 0, fmt.Errorf("a record of %d bytes is too long", sum)
	}
	return uint32(sum), nil
}

// writeAll writes all parts at a place of a file, in one call of the kernel
// where it can.
func writeAll(f *os.File, parts [][]byte, at int64) error {
	for len(parts) > 0 {
		// The kernel takes 1024 at once (UIO_MAXIOV).
		n, err := unix.Pwritev(int(f.Fd()), parts[:min(len(parts), 1024)], at)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 && len(parts[0]) > 0 {
			return io.ErrShortWrite
		}
		at += int64(n)
		for len(parts) > 0 && n >= len(parts[0]) {
			n -= len(parts[0])
			parts = parts[1:]
		}
		if n > 0 {
			parts[0] = parts[0][n:]
		}
	}
	return nil
}

// checksum covers where a record is, besides what it is.
func checksum(number uint64, place int64, kind uint8, parts ...[]byte) uint32 {
	var where [17]byte
	binary.LittleEndian.PutUint64(where[0:], number)
	binary.LittleEndian.PutUint64(where[8:], uint64(place))
	where[16] = kind
	sum := crc32.Checksum(where[:], castagnoli)
	for _, p := range parts {
		sum = crc32.Update(sum, castagnoli, p)
	}
	return sum
}
