package capture

import (
	"iter"
	"unsafe"

	"github.com/cilium/ebpf"
)

// The head of a record (include/uapi/linux/bpf.h).
const (
	busyBit    = 1 << 31
	discardBit = 1 << 30
	headBytes  = 8
)

// region is a piece of a ring: whole records, as they stand there.
type region struct {
	layout layout
	ring   ebpf.MapID
	start  uint64 // position of the first
	bytes  []byte
	// skip are the places within bytes of records that do not count, in
	// ascending order.
	skip    []uint32
	more    bool // there is more to read right away
	blocked bool // what comes next is being written
}

func (g *region) end() uint64 { return g.start + uint64(len(g.bytes)) }

// first is the time of a region's first event; 0 where it has none.
func (g *region) first() int64 {
	for _, sample := range g.samples() {
		return int64(timeOf(sample))
	}
	return 0
}

// recordBytes is the length of a record with its head and padding.
func recordBytes(head uint32) int {
	length := int(head &^ (busyBit | discardBit))
	return headBytes + (length+7)/8*8
}

// samples are the data of the records of a region, each with its place in it.
// Those that the kernel's program has discarded, or that are to be skipped,
// are left out. It stops where the bytes are not records.
func (g *region) samples() iter.Seq2[uint32, []byte] {
	return func(yield func(uint32, []byte) bool) {
		skip := g.skip
		for at := 0; at+headBytes <= len(g.bytes); {
			head := *(*uint32)(unsafe.Pointer(&g.bytes[at]))
			next := at + recordBytes(head)
			if head&busyBit != 0 || next > len(g.bytes) {
				return
			}
			skipped := len(skip) > 0 && skip[0] == uint32(at)
			if skipped {
				skip = skip[1:]
			}
			data := g.bytes[at+headBytes : at+headBytes+int(head&^(busyBit|discardBit))]
			if !skipped && head&discardBit == 0 && !yield(uint32(at), data) {
				return
			}
			at = next
		}
	}
}
