package capture

import (
	"cmp"
	"math"
)

const (
	// maxBatch bounds what is read from a ring in one turn. It is little enough
	// to stay in a processor's cache from one step to the next.
	maxBatch = 256 << 10
	// maxWaiting batches may wait to be handed out, for the kernel's reason of
	// one: what waits is in the head of each segment of the journal.
	maxWaiting = 4
	// everything is more than any ring holds.
	everything = math.MaxInt32
)

// batchBytes is about how much is read from a ring in one turn.
func (r *Recorder) batchBytes() int { return cmp.Or(r.config.Batch, maxBatch) }

// holding reports whether nothing is to be read for now.
func (r *Recorder) holding() bool { return r.config.Hold != nil && r.config.Hold() }

// read takes a batch from each ring: into the journal, then into the queue,
// then away from the ring. What happened before r.until has been read then.
func (r *Recorder) read(sets []*set) (more bool, err error) {
	full := len(r.queue.items)*recordBytes(uint32(eventSize)) > maxWaiting*r.batchBytes()
	if r.holding() || full && r.queue.oldest() < r.until { // that waits for its reason, and not for a ring
		r.unread.CompareAndSwap(0, r.until)
		return false, nil
	}
	// What is read from now on is hardly older than this.
	until := r.queue.now - int64(settle)
	regions, rings, err := peekAll(sets, r.batchBytes())
	if err != nil {
		return false, err
	}
	if full {
		leaveAllButOldest(regions, rings)
	} else {
		r.leaveYounger(regions, rings)
	}
	if err := r.keep(regions); !r.book.note(err) {
		r.unread.CompareAndSwap(0, r.until)
		return false, nil // they stay in the rings
	}
	if err := r.enqueue(regions, rings); err != nil {
		return false, err
	}
	whole := true
	r.behind = math.MaxInt64
	for i := range regions {
		g, ring := &regions[i], rings[i]
		ring.advance(g.end())
		if g.more || g.blocked {
			// What is still in this ring is hardly older than what was read.
			until, whole = min(until, ring.newest-int64(settle)), false
			r.behind = min(r.behind, ring.newest)
		}
		more = more || g.more
	}
	r.until = until
	r.unread.Store(0)
	if !whole {
		r.unread.Store(until)
	}
	return more, nil
}

// leaveYounger leaves for now what is in rings that were read further than
// another one that has more: it could not be handed out before that one has come
// as far. It is better off in its ring than in memory, and in the head of each
// segment of the journal.
func (r *Recorder) leaveYounger(regions []region, rings []*ring) {
	for i := range regions {
		if g := &regions[i]; rings[i].newest > r.behind && len(g.bytes) > 0 {
			g.bytes, g.more = g.bytes[:0], true
		}
	}
}

// leaveAllButOldest leaves for now what is in all rings but the one whose next
// event is the oldest: with that one, what waits comes nearer to be handed out. It
// is for a queue that has enough: processes that were killed one soon after the
// other have each read a little of all rings, before they knew which is behind.
func leaveAllButOldest(regions []region, rings []*ring) {
	first, least := make([]int64, len(regions)), int64(math.MaxInt64)
	for i := range regions {
		at := regions[i].first()
		if first[i] = at; at == 0 {
			continue
		}
		least = min(least, at)
		if rings[i].newest == 0 { // nothing of it was read: all of it is hardly older
			rings[i].newest = at
		}
	}
	for i := range regions {
		if g := &regions[i]; first[i] > least {
			g.bytes, g.more = g.bytes[:0], true
		}
	}
}

// noteBacklog finds the oldest event that waits in the rings before the first
// turn: what was recorded while no process was there.
func (r *Recorder) noteBacklog() error {
	regions, _, err := peekAll(r.sets(), 1)
	if err != nil {
		return err
	}
	for i := range regions {
		for _, sample := range regions[i].samples() {
			e, err := regions[i].layout.parse(sample)
			if err != nil {
				return err
			}
			if oldest := r.unread.Load(); oldest == 0 || int64(e.E.TimeNs) < oldest {
				r.unread.Store(int64(e.E.TimeNs))
			}
		}
	}
	return nil
}

// keep writes regions to the journal.
func (r *Recorder) keep(regions []region) error {
	empty := true
	for i := range regions {
		empty = empty && len(regions[i].bytes) == 0
	}
	if empty {
		return nil
	}
	if err := r.book.prepare(r.head); err != nil {
		return err
	}
	return r.book.batch(regions)
}

// peekAll looks at what waits in the rings that are not empty.
func peekAll(sets []*set, max int) (regions []region, rings []*ring, err error) {
	for _, s := range sets {
		for _, ring := range s.rings {
			g, err := ring.peek(max)
			if err != nil {
				return nil, nil, err
			}
			if len(g.bytes) > 0 || g.blocked {
				g.layout = s.layout
				regions, rings = append(regions, g), append(rings, ring)
			}
		}
	}
	return regions, rings, nil
}
