package capture

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// ring is a BPF ring buffer (kernel/bpf/ringbuf.c) as its one reader sees it.
// Unlike the library's reader it leaves records where they are until it is
// told that they are taken: peek, keep them, then advance. A process that dies
// in between has taken nothing.
//
// A record is a head of 8 bytes, whose first 4 are its length and two bits,
// and then its data, padded to 8 bytes. Positions are bytes since the ring was
// made; they only grow.
type ring struct {
	name     string
	id       ebpf.MapID
	consumer *uintptr // the reader's position, for the kernel to see
	producer *uintptr // the kernel's
	data     []byte   // mapped twice, end to end: no record is in two pieces
	mappings [][]byte
	newest   int64 // time of the last event that was taken
}

func openRing(name string, m *ebpf.Map) (*ring, error) {
	info, err := m.Info()
	if err != nil {
		return nil, fmt.Errorf("ask for ring %s: %w", name, err)
	}
	r := &ring{name: name}
	r.id, _ = info.ID()
	page := os.Getpagesize()
	first, err := unix.Mmap(m.FD(), 0, page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map ring %s: %w", name, err)
	}
	r.mappings = append(r.mappings, first)
	rest, err := unix.Mmap(m.FD(), int64(page), page+2*int(info.MaxEntries), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map ring %s: %w", name, err), r.close())
	}
	r.mappings = append(r.mappings, rest)
	r.consumer = (*uintptr)(unsafe.Pointer(unsafe.SliceData(first)))
	r.producer = (*uintptr)(unsafe.Pointer(unsafe.SliceData(rest)))
	r.data = rest[page:]
	return r, nil
}

func (r *ring) close() error {
	var errs []error
	for _, m := range r.mappings {
		errs = append(errs, unix.Munmap(m))
	}
	r.mappings, r.data = nil, nil
	return errors.Join(errs...)
}

func (r *ring) size() int { return len(r.data) / 2 }

// fill is how many bytes wait.
func (r *ring) fill() int {
	// The kernel's position is read before the reader's: when something comes
	// and is read in between, the difference is below zero.
	producer := atomic.LoadUintptr(r.producer)
	return max(0, int(producer-atomic.LoadUintptr(r.consumer)))
}

// peek returns the records that wait, about max bytes of them, and takes none.
// They stay as they are until advance.
func (r *ring) peek(max int) (region, error) {
	start, producer := atomic.LoadUintptr(r.consumer), atomic.LoadUintptr(r.producer)
	at := start & uintptr(r.size()-1)
	waiting := producer - start
	if waiting > uintptr(r.size()) {
		return region{}, fmt.Errorf("read ring %s: %d bytes wait in %d", r.name, waiting, r.size())
	}
	g := region{ring: r.id, start: uint64(start)}
	length := uintptr(0)
	for length < waiting {
		// In one step with what the kernel does when the record is complete.
		head := atomic.LoadUint32((*uint32)(unsafe.Pointer(&r.data[at+length])))
		if head&busyBit != 0 {
			g.blocked = true // by a program that was interrupted
			break
		}
		next := length + uintptr(recordBytes(head))
		if next > waiting {
			return region{}, fmt.Errorf("read ring %s: a record of %d bytes where %d wait", r.name, next-length, waiting-length)
		}
		if length > 0 && next > uintptr(max) {
			g.more = true
			break
		}
		length = next
	}
	g.bytes = r.data[at : at+length]
	return g, nil
}

// position is up to where records were taken.
func (r *ring) position() uint64 { return uint64(atomic.LoadUintptr(r.consumer)) }

// advance takes the records up to a position: their room is the kernel's.
func (r *ring) advance(to uint64) { atomic.StoreUintptr(r.consumer, uintptr(to)) }

// skipTo advances to where an earlier process had come, if that is further. It
// is an error if the ring has never been there.
func (r *ring) skipTo(position uint64) error {
	consumer, producer := atomic.LoadUintptr(r.consumer), atomic.LoadUintptr(r.producer)
	ahead := uintptr(position) - consumer
	switch {
	case int(ahead) <= 0:
		return nil
	case ahead > producer-consumer:
		return fmt.Errorf("ring %s ends at %d, and %d was read from it", r.name, producer, position)
	}
	r.advance(position)
	return nil
}
