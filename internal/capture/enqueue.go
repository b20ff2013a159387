package capture

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// reading is an event that has been read from a ring and stands there still.
type reading struct {
	time  uint64
	place uint32 // within the region
	size  uint32
}

// sample is what stands there of one of its readings.
func (g *region) sample(r reading) []byte {
	at := int(r.place) + headBytes
	return g.bytes[at : at+int(r.size)]
}

// enqueue adds the events of regions of rings to the queue, in the order of
// their time and, at the same time, of the regions. An event is large, and the
// queue has little to move then.
func (r *Recorder) enqueue(regions []region, rings []*ring) error {
	r.readings = r.readings[:0]
	heads := make([][]reading, len(regions))
	for i := range regions {
		first := len(r.readings)
		for at, sample := range regions[i].samples() {
			r.readings = append(r.readings, reading{timeOf(sample), at, uint32(len(sample))})
			rings[i].newest = int64(timeOf(sample))
		}
		heads[i] = r.readings[first:]
		sortReadings(heads[i])
	}
	r.gaps.mu.Lock()
	defer r.gaps.mu.Unlock()
	for range r.readings {
		i := earliest(heads)
		a, g := heads[i][0], &regions[i]
		heads[i] = heads[i][1:]
		e, err := r.queue.add(g.layout, g.sample(a))
		if err != nil {
			return fmt.Errorf("read ring at %d: %w", g.start+uint64(a.place), err)
		}
		r.gaps.see(e.E.Cpu, e.E.Seq)
		if r.held.Load() == 0 {
			r.held.Store(int64(e.E.TimeNs))
		}
	}
	return nil
}

// sortReadings puts those of one ring in the order of their time. They nearly are:
// each processor stamps an event when it has its place in the ring already.
func sortReadings(list []reading) {
	byTime := func(a, b reading) int { return cmp.Compare(a.time, b.time) }
	if !slices.IsSortedFunc(list, byTime) {
		slices.SortStableFunc(list, byTime)
	}
}

// earliest is the list that begins with the earliest reading, of lists that are
// not all empty; of several, the first.
func earliest(lists [][]reading) int {
	found := -1
	for i, list := range lists {
		if len(list) > 0 && (found < 0 || list[0].time < lists[found][0].time) {
			found = i
		}
	}
	return found
}

// timeOf is when an event happened: in each layout, after its number. A sample
// that is too short for one cannot be parsed either.
func timeOf(sample []byte) uint64 {
	if len(sample) < 16 {
		return 0
	}
	return binary.NativeEndian.Uint64(sample[8:])
}
