package capture

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// reading is an event that has been read from a ring and stands there still.
type reading struct {
	time   uint64
	region int
	place  uint32 // within the region
	sample []byte
}

func (a reading) compare(b reading) int {
	if a.time != b.time {
		return cmp.Compare(a.time, b.time)
	}
	return cmp.Or(cmp.Compare(a.region, b.region), cmp.Compare(a.place, b.place))
}

// enqueue adds the events of regions of rings to the queue, in the order of
// their time and, at the same time, of the regions. An event is large, and the
// queue has little to move then.
func (r *Recorder) enqueue(regions []region, rings []*ring) error {
	r.readings = r.readings[:0]
	for i := range regions {
		for at, sample := range regions[i].samples() {
			r.readings = append(r.readings, reading{timeOf(sample), i, at, sample})
			rings[i].newest = int64(timeOf(sample))
		}
	}
	// Stable not for the result: it finds that each ring is nearly in order, and
	// takes a third of the time.
	slices.SortStableFunc(r.readings, reading.compare)
	r.gaps.mu.Lock()
	defer r.gaps.mu.Unlock()
	for i := range r.readings {
		a := &r.readings[i]
		g := &regions[a.region]
		e, err := g.layout.parse(a.sample)
		if err != nil {
			return fmt.Errorf("read ring at %d: %w", g.start+uint64(a.place), err)
		}
		r.gaps.see(e.E.Cpu, e.E.Seq)
		r.queue.add(&e)
		if r.held.Load() == 0 {
			r.held.Store(int64(e.E.TimeNs))
		}
	}
	return nil
}

// timeOf is when an event happened: in each layout, after its number. A sample
// that is too short for one cannot be parsed either.
func timeOf(sample []byte) uint64 {
	if len(sample) < 16 {
		return 0
	}
	return binary.NativeEndian.Uint64(sample[8:])
}
