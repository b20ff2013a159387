package drops

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/ringbuf"

	"github.com/sekisho/sekisho/internal/flow"
)

// Run reads drops until the context ends, and then once more. It hands them to
// deliver in batches, each in the order of time; the slice is the callee's only
// until it returns. The first of packets that are alike comes at once, with
// Count 1, the others within about a second as one Drop: the sum of all Counts
// is Sent and Folded of [Stats].
func (w *Watcher) Run(ctx context.Context, deliver func([]flow.Drop)) error {
	poll := w.config.Poll
	if poll == 0 {
		poll = DefaultPoll
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		last := false
		select {
		case <-ctx.Done():
			last = true
		case <-tick.C:
		}
		began, clock := time.Now(), readClocks()
		records, err := w.read(last)
		if len(records) > 0 {
			deliver(w.decoder.drops(records, clock))
		}
		if err == nil && w.config.Told != nil {
			w.config.Told.Store(uint64(w.toldUntil(began).UnixNano()))
		}
		if err != nil || last {
			return err
		}
	}
}

// toldUntil is before what is still to be delivered, after a reading that began
// at a time: repeats are counted since their window began.
func (w *Watcher) toldUntil(began time.Time) time.Time {
	if w.windows.used {
		return w.windows.began
	}
	return began
}

// record is what the program said of a packet or of several alike ones.
type record struct {
	packet kernelPacket
	last   kernelMoment
	count  uint64
}

// read returns what there is, in the order of time.
func (w *Watcher) read(last bool) ([]record, error) {
	var records []record
	if last || w.windows.due() {
		var err error
		if records, err = w.windows.end(); err != nil {
			return records, err
		}
	}
	// After the window: what it counts is like something in the ring.
	records, err := w.drain(records)
	slices.SortStableFunc(records, func(a, b record) int { return cmp.Compare(a.last.TimeNs, b.last.TimeNs) })
	return records, err
}

// drain appends what is in the ring.
func (w *Watcher) drain(records []record) ([]record, error) {
	if w.ring.AvailableBytes() == 0 {
		return records, nil
	}
	w.windows.used = true
	w.ring.SetDeadline(time.Unix(0, 1)) // long past: read what there is, never wait
	var raw ringbuf.Record
	for {
		err := w.ring.ReadInto(&raw)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return records, nil
		}
		if err != nil {
			return records, fmt.Errorf("read ring of drops: %w", err)
		}
		// The ring is this process's own, and so is its layout.
		e := (*kernelEvent)(unsafe.Pointer(unsafe.SliceData(raw.RawSample)))
		records = append(records, record{packet: e.Packet, last: e.Moment, count: 1})
	}
}
