package capture

import (
	"fmt"
	"os"
	"sync"

	"github.com/sekisho/sekisho/internal/flow"
)

// Stats are counts since the program was first loaded; those of the reader
// since this process began.
type Stats struct {
	// Recorded and Lost are the program's own counters, by flag. Lost ones
	// found no room in their ring.
	Recorded map[flow.Flag]uint64 `json:"recorded"`
	Lost     map[flow.Flag]uint64 `json:"lost"`
	// Read is how many events this process took from the rings, and Missing
	// how many numbers were passed over.
	Read    uint64 `json:"read"`
	Missing uint64 `json:"missing"`
	// ReasonOverruns is how often texts of the kernel were lost.
	ReasonOverruns uint64 `json:"reasonOverruns"`
}

// Total sums a counter over all flags.
func Total(counts map[flow.Flag]uint64) uint64 {
	var sum uint64
	for _, n := range counts {
		sum += n
	}
	return sum
}

// Stats reads the counters; os.ErrClosed after Close.
func (r *Recorder) Stats() (Stats, error) {
	r.closing.RLock()
	defer r.closing.RUnlock()
	if r.closed {
		return Stats{}, os.ErrClosed
	}
	var perCPU []RecordTally
	if err := r.objects.Counters.Lookup(uint32(0), &perCPU); err != nil {
		return Stats{}, fmt.Errorf("read counters: %w", err)
	}
	s := Stats{Recorded: map[flow.Flag]uint64{}, Lost: map[flow.Flag]uint64{}}
	for _, c := range perCPU {
		for f := range c.Recorded {
			s.Recorded[flow.Flag(f)] += c.Recorded[f]
			s.Lost[flow.Flag(f)] += c.Lost[f]
		}
	}
	s.Read, s.Missing = r.gaps.totals()
	if r.reasons != nil {
		r.reasons.mu.Lock()
		s.ReasonOverruns = r.reasons.overruns + r.reasons.dropped
		r.reasons.mu.Unlock()
	}
	return s, nil
}

// gapCounter follows the numbers of each CPU. The two rings are read one after
// the other, so numbers come out of order: what counts is how many there were
// between the first and the last, and how many of them were read.
type gapCounter struct {
	mu   sync.Mutex
	cpus map[uint16]*span
}

type span struct{ first, last, read uint64 }

func newGapCounter() *gapCounter { return &gapCounter{cpus: map[uint16]*span{}} }

func (g *gapCounter) see(cpu uint16, seq uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.cpus[cpu]
	if s == nil {
		s = &span{first: seq, last: seq}
		g.cpus[cpu] = s
	}
	s.first, s.last = min(s.first, seq), max(s.last, seq)
	s.read++
}

func (g *gapCounter) totals() (read, missing uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.cpus {
		read += s.read
		missing += s.last - s.first + 1 - s.read
	}
	return read, missing
}
