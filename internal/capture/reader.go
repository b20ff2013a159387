package capture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/cilium/ebpf/ringbuf"

	"github.com/sekisho/sekisho/internal/flow"
)

// Run reads the rings until the context ends, and then once more. It hands
// the events to deliver in batches, ordered by time; the slice is the
// callee's only until it returns.
func (r *Recorder) Run(ctx context.Context, deliver func([]flow.Event)) error {
	poll := r.config.Poll
	if poll == 0 {
		poll = DefaultPoll
	}
	q := queue{reasons: r.reasons}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		var last bool
		select {
		case <-ctx.Done():
			last = true
		case <-tick.C:
		}
		if err := r.turn(&q, last, deliver); err != nil {
			return err
		}
		if last {
			return nil
		}
	}
}

// turn reads what is in the rings and delivers what has settled.
func (r *Recorder) turn(q *queue, last bool, deliver func([]flow.Event)) error {
	mono, wall := readClocks()
	q.now = time.Now()
	for _, ring := range []*ringbuf.Reader{r.events, r.refused} {
		if err := r.drain(ring, q); err != nil {
			return err
		}
	}
	// Only now: an event that was read is older than this reading.
	until := mono - int64(settle)
	if last {
		until = monotonic() + int64(time.Hour)
	}
	if batch := q.take(until, last); len(batch) > 0 {
		r.deliver(batch, deliver)
	}
	r.held.Store(q.oldest())
	r.decoder.clock.sync(mono, wall)
	return nil
}

func (r *Recorder) drain(ring *ringbuf.Reader, q *queue) error {
	if ring.AvailableBytes() == 0 {
		return nil
	}
	ring.SetDeadline(time.Unix(0, 1)) // long past: read what there is, never wait
	var sample ringbuf.Record
	for {
		err := ring.ReadInto(&sample)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read ring: %w", err)
		}
		e, err := parse(sample.RawSample)
		if err != nil {
			return err
		}
		r.gaps.see(e.E.Cpu, e.E.Seq)
		q.add(e)
		r.held.CompareAndSwap(0, int64(e.E.TimeNs))
	}
}

func (r *Recorder) deliver(batch []pending, deliver func([]flow.Event)) {
	r.decoder.interfaces.refresh(time.Now())
	events := make([]flow.Event, len(batch))
	for i := range batch {
		events[i] = r.decoder.event(&batch[i].record)
		events[i].Reason, events[i].ReasonText = batch[i].reason, batch[i].text
	}
	deliver(events)
}

// pending is an event that has been read and not yet been handed out.
type pending struct {
	record
	read   time.Time
	reason flow.Reason
	text   string
}

// queue puts the events of both rings and all CPUs in the order of their
// time, and holds INVALID ones (and what follows them) back until the kernel's
// reason is there or the wait is over.
type queue struct {
	reasons *reasons
	now     time.Time // of this turn
	items   []pending
	sorted  int // items[:sorted] are in order
}

func (q *queue) add(r record) {
	q.items = append(q.items, pending{record: r, read: q.now})
}

// take removes and returns the events that happened before the given
// monotonic time and wait for nothing; with last, all.
func (q *queue) take(until int64, last bool) []pending {
	if q.sorted < len(q.items) {
		// Nearly always they come in order; moving them costs.
		if byTime := func(a, b pending) int { return cmp.Compare(a.E.TimeNs, b.E.TimeNs) }; !slices.IsSortedFunc(q.items, byTime) {
			slices.SortStableFunc(q.items, byTime)
		}
		q.sorted = len(q.items)
	}
	n := 0
	for n < len(q.items) && int64(q.items[n].E.TimeNs) < until && q.reasoned(&q.items[n], last) {
		n++
	}
	batch := slices.Clone(q.items[:n])
	q.items = append(q.items[:0], q.items[n:]...)
	q.sorted = len(q.items)
	return batch
}

// oldest is the kernel time of the event that waits longest; 0 without one.
func (q *queue) oldest() int64 {
	if len(q.items) == 0 {
		return 0
	}
	return int64(q.items[0].E.TimeNs)
}

// reasoned finds an INVALID event's reason; false while it may still come.
func (q *queue) reasoned(p *pending, last bool) bool {
	if flow.Flag(p.E.Flag) != flow.INVALID {
		return true
	}
	if q.reasons == nil {
		p.reason = flow.UnknownReason
		return true
	}
	key := keyOf(&p.record)
	if text, ok := q.reasons.claim(key); ok {
		p.reason, p.text = classify(text), text
		return true
	}
	if !last && time.Since(p.read) < reasonWait {
		return false
	}
	p.reason = q.reasons.none(p.read)
	if flow.Protocol(p.E.Protocol) == flow.TCP && p.E.Header == 0 {
		p.reason = flow.Truncated // the kernel has no sentence for it
	}
	return true
}
