package capture

import (
	"slices"
	"sync/atomic"

	"github.com/cilium/ebpf"
)

// Journal is where a recorder writes down what it reads and hands out, for the
// process that comes after it. internal/journal has one.
type Journal interface {
	// Append writes a record, whose content is the parts one after the other.
	// On an error the journal is as it was.
	Append(kind uint8, parts ...[]byte) error
	// Begin is Append for the first record of a new segment; older segments
	// may be forgotten.
	Begin(kind uint8, parts ...[]byte) error
	// Full reports whether it is time to Begin a new segment.
	Full() bool
	// Each reads all records, the oldest first, the first of which was written
	// by Begin. The content is the callee's only until it returns.
	Each(do func(kind uint8, content []byte) error) error
	// Damaged reports whether its end could not be read, when it was opened or by
	// Each: there may have been records behind it.
	Damaged() bool
}

// The kinds of records.
const (
	kindHead       = 1 // what must be known to read on from here
	kindBatch      = 2 // regions of rings, as they were read
	kindDelivery   = 3 // what of it is about to be handed out
	kindSuccession = 4 // the last regions of a predecessor's rings
)

// book writes records to a journal.
type book struct {
	journal Journal // nil: nothing is written, and everything succeeds
	headed  bool    // the newest segment is of this boot and can be appended to
	out     encoder
	failing atomic.Pointer[error]
	failed  atomic.Uint64
}

// note remembers whether the last record could be written, for who asks, and
// reports it.
func (b *book) note(err error) bool {
	if err == nil {
		b.failing.Store(nil)
		return true
	}
	b.failing.Store(&err)
	b.failed.Add(1)
	return false
}

// prepare begins a new segment where it is time to. If that fails, the one
// before goes on, where there is one.
func (b *book) prepare(h func() head) error {
	if b.journal == nil || b.headed && !b.journal.Full() {
		return nil
	}
	err := b.begin(h())
	if b.headed {
		return nil
	}
	b.headed = err == nil
	return err
}

// head is the first record of a segment. The events that wait are of the
// current layout, whatever they were read in.
type head struct {
	boot      string
	clock     line
	positions map[ebpf.MapID]uint64 // up to where the rings are in the journal
	pending   [][]byte              // samples
}

func (b *book) begin(h head) error {
	e := b.out[:0]
	e.text(h.boot)
	e.line(h.clock)
	e.u32(uint32(len(h.positions)))
	for id, position := range h.positions {
		e.u32(uint32(id))
		e.u64(position)
	}
	e.u16(uint16(currentLayout))
	e.u32(uint32(len(h.pending)))
	for _, sample := range h.pending {
		e.text(string(sample))
	}
	b.out = e
	return b.journal.Begin(kindHead, e)
}

// batch writes regions as they stand in the rings.
func (b *book) batch(regions []region) error {
	if b.journal == nil {
		return nil
	}
	b.out = b.out[:0]
	return b.journal.Append(kindBatch, b.regions(nil, regions)...)
}

// regions are the parts of a record; the rings' memory is written from where
// it is.
func (b *book) regions(parts [][]byte, regions []region) [][]byte {
	for i := range regions {
		g := &regions[i]
		from := len(b.out)
		b.out.u16(uint16(g.layout))
		b.out.u32(uint32(g.ring))
		b.out.u64(g.start)
		b.out.u32(uint32(len(g.skip)))
		for _, at := range g.skip {
			b.out.u32(at)
		}
		b.out.u32(uint32(len(g.bytes)))
		parts = append(parts, b.out[from:len(b.out):len(b.out)], g.bytes)
	}
	return parts
}

// delivery says which events are about to be handed out: the first of those
// that wait, so many. It has what does not follow from them.
type delivery struct {
	count   int
	clock   line
	reasons []given
	mark    []byte // of the one who gets them
}

// given is the reason of an INVALID event.
type given struct {
	index        int
	reason, text string
}

func (b *book) delivery(d delivery) error {
	if b.journal == nil {
		return nil
	}
	e := b.out[:0]
	e.u32(uint32(d.count))
	e.line(d.clock)
	e.u32(uint32(len(d.reasons)))
	for _, g := range d.reasons {
		e.u32(uint32(g.index))
		e.text(g.reason)
		e.text(g.text)
	}
	e.text(string(d.mark))
	b.out = e
	return b.journal.Append(kindDelivery, e)
}

// succession is the end of a predecessor: its last regions, with the events to
// be skipped that its successor has too, and its counters without those.
type succession struct {
	set     ebpf.MapID // its key
	carried tally
	regions []region
}

func (b *book) succession(s succession) error {
	if b.journal == nil {
		return nil
	}
	b.out = b.out[:0]
	b.out.u32(uint32(s.set))
	for _, n := range slices.Concat(s.carried.Recorded[:], s.carried.Lost[:]) {
		b.out.u64(n)
	}
	head := b.out[:len(b.out):len(b.out)]
	return b.journal.Append(kindSuccession, b.regions([][]byte{head}, s.regions)...)
}
