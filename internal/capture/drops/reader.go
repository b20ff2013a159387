package drops

import (
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
// Count 1, the others within about a second as one Drop. So the sum of all
// Counts is Stats' Sent and Folded.
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
		batch, err := w.turn(last)
		if len(batch) > 0 {
			deliver(batch)
		}
		if err != nil || last {
			return err
		}
	}
}

// turn reads what there is. The window comes first: of its packets, the first
// ones are in the ring by then.
func (w *Watcher) turn(last bool) ([]flow.Drop, error) {
	w.decoder.clock = readClocks()
	var batch []flow.Drop
	if last || w.windows.due() {
		err := w.windows.end(func(p *kernelPacket, f *kernelFolded) {
			batch = append(batch, w.decoder.drop(p, &f.Last, f.Count))
		})
		if err != nil {
			return batch, err
		}
	}
	batch, err := w.drain(batch)
	slices.SortStableFunc(batch, func(a, b flow.Drop) int { return a.Time.Compare(b.Time) })
	return batch, err
}

// drain appends what is in the ring.
func (w *Watcher) drain(batch []flow.Drop) ([]flow.Drop, error) {
	if w.ring.AvailableBytes() == 0 {
		return batch, nil
	}
	w.ring.SetDeadline(time.Unix(0, 1)) // long past: read what there is, never wait
	var record ringbuf.Record
	for {
		err := w.ring.ReadInto(&record)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return batch, nil
		}
		if err != nil {
			return batch, fmt.Errorf("read ring of drops: %w", err)
		}
		// Written by our program only, whose object is in this binary.
		e := (*kernelEvent)(unsafe.Pointer(unsafe.SliceData(record.RawSample)))
		batch = append(batch, w.decoder.drop(&e.Packet, &e.Moment, 1))
		w.windows.used = true
	}
}
