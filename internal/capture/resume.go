package capture

import (
	"fmt"
	"math"
	"time"

	"github.com/cilium/ebpf"

	"github.com/sekisho/sekisho/internal/flow"
)

// Recalled is a batch of events that an earlier process has read.
type Recalled struct {
	// Events are ordered by time, and the callee's only until it returns.
	Events []flow.Event
	State  RecallState
	// Mark is what Config.Mark returned before the batch was handed out; nil
	// where it never was.
	Mark []byte
}

// RecallState is how far an earlier process had come with a batch.
type RecallState uint8

const (
	// Delivered: the earlier process was done with the batch.
	Delivered RecallState = iota
	// Interrupted: it ended while it had the batch, or just after. This is the
	// last batch that was handed out, and there is one at most.
	Interrupted
	// Undelivered: nobody ever had the batch.
	Undelivered
)

// Resume goes on where an earlier process ended, however it did. It hands out
// the batches that are still in the journal, in the order in which they were
// handed out, each with what became of it; what was read and not handed out
// comes from Run, after them. Then, where PinPath holds another program's
// rings, it takes that one's place: see succeed.
//
// Call it once, before Run. A Run without Resume does the same and delivers
// what is not known to be delivered.
func (r *Recorder) Resume(tell func(Recalled)) error {
	r.resumed = true
	if r.config.Journal != nil {
		if err := r.recall(tell); err != nil {
			return err
		}
	}
	return r.succeed(func(events []flow.Event) {
		tell(Recalled{Events: events, State: Undelivered})
	})
}

// Doubts are what Resume found in the journal and could not read: what was
// recorded then may be missing.
func (r *Recorder) Doubts() []error { return r.doubts }

// recall reads the journal and becomes what wrote it: the same queue, the same
// clock, the same positions in the rings.
func (r *Recorder) recall(tell func(Recalled)) error {
	c := recaller{tell: tell, now: r.decoder.boot}
	if err := r.config.Journal.Each(c.record); err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	c.done(Interrupted)
	r.doubts = c.doubts
	r.findUnjournaled(&c)
	if c.begun && c.boot.boot == r.decoder.boot {
		return r.goOn(&c)
	}
	if n := c.queue.ready(math.MaxInt64, true); n > 0 {
		// The last events of another boot. They get no other chance, whether
		// or not this can be written down.
		r.book.note(r.book.delivery(deliveryOf(c.queue.items, c.boot.clock.newest(), r.mark(time.Time{}))))
		c.take(n, nil)
		c.done(Undelivered)
	}
	return nil
}

// goOn takes over what a process of this boot has left.
func (r *Recorder) goOn(c *recaller) error {
	r.decoder.clock = c.boot.clock
	now := monotonic()
	for _, p := range c.queue.items {
		p.read = now
		r.queue.items = append(r.queue.items, p)
	}
	r.queue.sorted = c.queue.sorted
	r.ended, r.book.headed = c.ended, true
	for _, ring := range r.rings() {
		if position, known := c.positions[ring.id]; known {
			if err := ring.skipTo(position); err != nil {
				return err
			}
		}
	}
	return nil
}

// rings are those of all sets.
func (r *Recorder) rings() []*ring {
	var rings []*ring
	for _, s := range r.sets() {
		rings = append(rings, s.rings...)
	}
	return rings
}

// head is what a segment of the journal begins with.
func (r *Recorder) head() head {
	h := head{boot: r.decoder.boot, clock: r.decoder.clock.newest(), positions: map[ebpf.MapID]uint64{}}
	for _, ring := range r.rings() {
		h.positions[ring.id] = ring.position()
	}
	for i := range r.queue.items {
		h.pending = append(h.pending, sampleOf(&r.queue.items[i].record))
	}
	return h
}

// mark is what the journal keeps of the one who gets the events.
func (r *Recorder) mark(reached time.Time) []byte {
	if r.config.Mark == nil {
		return nil
	}
	return r.config.Mark(reached)
}

// deliveryOf tells of a batch that is about to be handed out.
func deliveryOf(batch []pending, clock line, mark []byte) delivery {
	d := delivery{count: len(batch), clock: clock, mark: mark}
	for i := range batch {
		if p := &batch[i]; p.reason != flow.NoReason {
			d.reasons = append(d.reasons, given{i, string(p.reason), p.text})
		}
	}
	return d
}
