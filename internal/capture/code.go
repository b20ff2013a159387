package capture

import (
	"encoding/binary"
	"unsafe"
)

// The records of the journal are written with these: little-endian numbers,
// and strings after their length.

// encoder appends values.
type encoder []byte

func (e *encoder) u8(v uint8)   { *e = append(*e, v) }
func (e *encoder) u16(v uint16) { *e = binary.LittleEndian.AppendUint16(*e, v) }
func (e *encoder) u32(v uint32) { *e = binary.LittleEndian.AppendUint32(*e, v) }
func (e *encoder) u64(v uint64) { *e = binary.LittleEndian.AppendUint64(*e, v) }

func (e *encoder) text(s string) {
	e.u32(uint32(len(s)))
	*e = append(*e, s...)
}

func (e *encoder) line(l line) {
	e.u64(uint64(l.start))
	e.u64(uint64(l.base))
	half := uint8(0)
	if l.half {
		half = 1
	}
	e.u8(half)
}

// scanner reads values back. After one that is not there all others are zero,
// and bad is true.
type scanner struct {
	rest []byte
	bad  bool
}

func (s *scanner) take(n int) []byte {
	if s.bad || n < 0 || n > len(s.rest) {
		s.bad = true
		return nil
	}
	taken := s.rest[:n:n]
	s.rest = s.rest[n:]
	return taken
}

func (s *scanner) number(bytes int) uint64 {
	var b [8]byte
	copy(b[:], s.take(bytes))
	return binary.LittleEndian.Uint64(b[:])
}

func (s *scanner) u8() uint8   { return uint8(s.number(1)) }
func (s *scanner) u16() uint16 { return uint16(s.number(2)) }
func (s *scanner) u32() uint32 { return uint32(s.number(4)) }
func (s *scanner) u64() uint64 { return s.number(8) }

// bytes is what text wrote; it is a part of what is scanned.
func (s *scanner) bytes() []byte { return s.take(int(s.u32())) }

func (s *scanner) text() string { return string(s.bytes()) }

func (s *scanner) line() line {
	return line{start: int64(s.u64()), base: int64(s.u64()), half: s.u8() == 1}
}

// list is how many elements follow, each of which has some bytes at least: a
// number that cannot be true is bad.
func (s *scanner) list(atLeast int) int {
	n := int(s.u32())
	if n*atLeast > len(s.rest) {
		s.bad = true
	}
	if s.bad {
		return 0
	}
	return n
}

// words are the 64-bit numbers that a map's value consists of.
func words(b []byte) []uint64 {
	out := make([]uint64, len(b)/8)
	for i := range out {
		out[i] = binary.NativeEndian.Uint64(b[8*i:])
	}
	return out
}

// sampleOf is an event as a sample of the current layout.
func sampleOf(r *record) []byte {
	size := eventSize
	if r.v6 {
		size = event6Size
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&r.RecordEvent6)), size)
}
