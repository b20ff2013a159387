package capture

import (
	"fmt"
	"os"
	"sync"

	"github.com/sekisho/sekisho/internal/flow"
)

// Stats are counts since the firewall's first program was loaded; those of the
// reader since this process began, but what [Counts] has, which may be older.
type Stats struct {
	// Recorded and Lost are the programs' own counters, by flag. Lost ones
	// found no room in their ring.
	Recorded map[flow.Flag]uint64 `json:"recorded"`
	Lost     map[flow.Flag]uint64 `json:"lost"`
	// Read is how many events this process took from the rings, and Missing
	// how many numbers were passed over.
	Read    uint64 `json:"read"`
	Missing uint64 `json:"missing"`
	// ReasonOverruns is how often texts of the kernel were lost, and
	// ReasonsLacking how many INVALID events have none that must have had one.
	ReasonOverruns uint64 `json:"reasonOverruns"`
	ReasonsLacking uint64 `json:"reasonsLacking"`
	// Listening says whether the kernel's reasons are listened to now.
	Listening bool `json:"listening"`
	// Ignored is how many packets conntrack ignored and let pass, as far as it
	// was listened to, IgnoredLost how many of them were too many to be told.
	Ignored     uint64 `json:"ignored"`
	IgnoredLost uint64 `json:"ignoredLost"`
	// Journal says why the journal cannot be written, so that events wait in
	// the rings; empty where it can, or where there is none. JournalFailures is
	// how often it was tried in vain.
	Journal         string `json:"journal,omitempty"`
	JournalFailures uint64 `json:"journalFailures,omitempty"`
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
	var sum tally
	for _, s := range r.sets() {
		t, err := s.tally()
		if err != nil {
			return Stats{}, fmt.Errorf("read statistics of the recorder: %w", err)
		}
		sum.add(t)
	}
	s := Stats{Recorded: map[flow.Flag]uint64{}, Lost: map[flow.Flag]uint64{}, ReasonsLacking: r.config.Counts.ReasonsLacking.Load()}
	for f := range len(RecordTally{}.Recorded) {
		s.Recorded[flow.Flag(f)], s.Lost[flow.Flag(f)] = sum.Recorded[f], sum.Lost[f]
	}
	s.Read, s.Missing = r.gaps.totals()
	if r.reasons != nil {
		r.reasons.stats(&s)
	}
	s.JournalFailures = r.book.failed.Load()
	if err := r.book.failing.Load(); err != nil {
		s.Journal = (*err).Error()
	}
	return s, nil
}

// gapCounter follows the numbers of each CPU. The rings are read one after the
// other, so numbers come out of order: what counts is how many there were
// between the first and the last, and how many of them were read.
type gapCounter struct {
	mu    sync.Mutex // held by who calls see
	spans map[sequence]*span
	seen  []seen // by CPU: mostly its next number is of the same sequence
}

// seen is a CPU's sequence that a number was of last, and its span.
type seen struct {
	epoch uint64
	at    *span
}

// sequence is what counts in ones: a program on a CPU.
type sequence struct {
	cpu   uint16
	epoch uint64
}

type span struct{ first, last, read uint64 }

func newGapCounter() *gapCounter { return &gapCounter{spans: map[sequence]*span{}} }

func (g *gapCounter) see(cpu uint16, seq uint64) {
	for int(cpu) >= len(g.seen) {
		g.seen = append(g.seen, seen{})
	}
	of := &g.seen[cpu]
	if epoch := seq >> epochShift; of.at == nil || of.epoch != epoch {
		*of = seen{epoch, g.find(sequence{cpu, epoch}, seq)}
	}
	s := of.at
	s.first, s.last = min(s.first, seq), max(s.last, seq)
	s.read++
}

// find is the span of a sequence, which begins with a number where it is new.
func (g *gapCounter) find(of sequence, seq uint64) *span {
	s := g.spans[of]
	if s == nil {
		s = &span{first: seq, last: seq}
		g.spans[of] = s
	}
	return s
}

func (g *gapCounter) totals() (read, missing uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.spans {
		read += s.read
		missing += s.last - s.first + 1 - s.read
	}
	return read, missing
}
