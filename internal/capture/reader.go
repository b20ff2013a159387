package capture

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Run reads the rings until the context ends, and then what is in them. It hands
// the events to deliver in batches, ordered by time; the slice is the callee's only
// until it returns, unless the configuration has Memory. Where there is a journal, a
// batch is handed out only when it is in there, and what cannot be written stays in
// the rings until it can.
func (r *Recorder) Run(ctx context.Context, deliver func([]flow.Event)) error {
	if !r.resumed {
		again := func(b Recalled) {
			if b.State != Delivered {
				deliver(b.Events)
			}
		}
		if err := r.Resume(again); err != nil {
			return err
		}
	}
	if err := r.noteBacklog(); err != nil {
		return err
	}
	r.settled.Store(0) // what was read until here was of predecessors
	poll := r.config.Poll
	if poll == 0 {
		poll = DefaultPoll
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for more := false; ; {
		select {
		case <-ctx.Done():
			return r.readOff(deliver)
		default:
		}
		if !more {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
		var err error
		if more, err = r.turn(false, deliver); err != nil {
			return err
		}
	}
}

// readOff reads what is in the rings when the context has ended, and delivers
// it. What comes meanwhile is no reason to go on for ever.
func (r *Recorder) readOff(deliver func([]flow.Event)) error {
	turns := 2
	for _, ring := range r.rings() {
		turns += 1 + ring.fill()/r.batchBytes()
	}
	for range turns {
		if more, err := r.turn(true, deliver); err != nil || !more && r.unread.Load() == 0 {
			return err
		}
	}
	return nil
}

// turn reads what is in the rings and delivers what has settled; more says that
// there is more to read right away. The last turns wait for nothing, and deliver
// all when all is read.
func (r *Recorder) turn(last bool, deliver func([]flow.Event)) (more bool, err error) {
	if err := r.finish(); err != nil {
		return false, err
	}
	if len(r.old) > 0 { // theirs come first, and cannot be kept at the moment
		return false, nil
	}
	return r.turnOf([]*set{r.set}, last, deliver)
}

// turnOf is a turn that reads the rings of some sets.
func (r *Recorder) turnOf(sets []*set, last bool, deliver func([]flow.Event)) (more bool, err error) {
	mono, wall := readClocks()
	r.queue.now = mono
	more, err = r.read(sets)
	if err != nil {
		return false, err
	}
	until := r.until
	if last && (r.unread.Load() == 0 || r.book.journal == nil && !more) {
		until = math.MaxInt64
	}
	n := r.queue.ready(until, last)
	if reached := r.reached(n); (n > 0 || r.due(reached)) && !r.deliver(n, reached, deliver) {
		more = false
	}
	r.held.Store(r.queue.oldest())
	r.settle()
	r.decoder.clock.sync(mono, wall)
	r.tendReasons(last)
	return more, nil
}

// settle notes up to when everything has been delivered.
func (r *Recorder) settle() {
	settled := r.until
	if oldest := r.queue.oldest(); oldest != 0 {
		settled = min(settled, oldest)
	}
	r.settled.Store(settled)
}

// Delivered is a moment before which every event has been delivered, however
// long the reader was kept from reading; zero before it has read all rings once.
func (r *Recorder) Delivered() time.Time {
	settled := r.settled.Load()
	if settled == 0 {
		return time.Time{}
	}
	return time.Now().Add(-time.Duration(monotonic() - settled))
}

// reached is the moment before which everything has been handed out, once the
// first n events of the queue are: by the clock of events, and zero before the
// rings were read.
func (r *Recorder) reached(n int) time.Time {
	at := r.until
	if n < len(r.queue.items) {
		at = min(at, int64(r.queue.items[n].E.TimeNs))
	}
	if at <= 0 {
		return time.Time{}
	}
	return r.decoder.clock.at(at)
}

// due reports whether who gets the events wants a batch without any.
func (r *Recorder) due(reached time.Time) bool {
	return r.config.Due != nil && r.config.Due(reached)
}

// deliver hands out the first n events of the queue, when it is written down
// that they are; false if that could not be done, and they wait.
func (r *Recorder) deliver(n int, reached time.Time, deliver func([]flow.Event)) bool {
	batch := r.queue.items[:n]
	if n == 0 && !r.book.note(r.book.prepare(r.head)) {
		return false
	}
	if !r.book.note(r.book.delivery(deliveryOf(batch, r.decoder.clock.newest(), r.mark(reached)))) {
		return false
	}
	r.decoder.interfaces.refresh(time.Now())
	if r.config.Memory != nil {
		r.events = r.config.Memory(n)
	}
	r.events = r.decoder.events(r.events, batch)
	deliver(r.events)
	r.queue.drop(n)
	return true
}

// events decodes a batch, into memory of an earlier one.
func (d *decoder) events(into []flow.Event, batch []pending) []flow.Event {
	into = slices.Grow(into[:0], len(batch))[:len(batch)]
	d.clock.mu.Lock()
	defer d.clock.mu.Unlock()
	for i := range batch {
		e := &into[i]
		d.event(&batch[i].record, e)
		e.Reason, e.ReasonText = batch[i].reason, batch[i].text
	}
	return into
}
