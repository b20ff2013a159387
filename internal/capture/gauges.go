package capture

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/cilium/ebpf"
)

// Gauges are what the recorder is at this moment; what it counted is in
// [Stats].
type Gauges struct {
	// Rings are the rings of the program, "events", "syns", "refused" and "firsts".
	Rings []RingGauge
	// Lag is the age of the oldest event that may wait to be delivered: read
	// from a ring, or in one after a turn that could not read all. It is 0
	// where there is none: what is older than Lag, or than a few times
	// Config.Poll, has been delivered.
	Lag time.Duration
	// Programs are the attached programs that the kernel has counted runs of.
	// It counts while the sysctl kernel.bpf_stats_enabled is 1 (or somebody
	// holds a descriptor of BPF_ENABLE_STATS), and on most hosts it is 0.
	Programs []ProgramGauge
}

// Filling reports whether an eighth of one of the rings is taken: by more than a
// reader finds there each time, where nothing keeps it from reading.
func (r *Recorder) Filling() bool {
	if !r.closing.TryRLock() {
		return false // sets go: who asks must not wait for that
	}
	defer r.closing.RUnlock()
	return !r.closed && slices.ContainsFunc(r.set.rings, func(ring *ring) bool { return ring.fill() > ring.size()/8 })
}

// RingGauge is a ring and what waits in it.
type RingGauge struct {
	Name       string
	Fill, Size int // bytes; every event has a header of 8
}

// ProgramGauge is what the kernel counted of a program since it was loaded.
type ProgramGauge struct {
	Name string
	Runs uint64
	Time time.Duration // of all runs
}

// Gauges looks at rings and programs; os.ErrClosed after Close. It may be
// called while Run reads.
func (r *Recorder) Gauges() (Gauges, error) {
	r.closing.RLock()
	defer r.closing.RUnlock()
	if r.closed {
		return Gauges{}, os.ErrClosed
	}
	g := Gauges{}
	for _, ring := range r.set.rings {
		g.Rings = append(g.Rings, RingGauge{Name: ring.name, Fill: ring.fill(), Size: ring.size()})
	}
	oldest := r.held.Load()
	if unread := r.unread.Load(); unread != 0 && (oldest == 0 || unread < oldest) {
		oldest = unread
	}
	if oldest != 0 {
		g.Lag = time.Duration(monotonic() - oldest)
	}
	for _, program := range r.set.programs {
		p, err := gaugeProgram(program)
		if err != nil {
			return Gauges{}, fmt.Errorf("read statistics of the recorder: %w", err)
		}
		if p.Runs > 0 {
			g.Programs = append(g.Programs, p)
		}
	}
	return g, nil
}

// gaugeProgram asks the program that runs: behind a link that was taken over it
// is that of an earlier process, not the like of it that we loaded.
func gaugeProgram(program *ebpf.Program) (ProgramGauge, error) {
	about, err := program.Info()
	if err != nil {
		return ProgramGauge{}, err
	}
	stats, err := program.Stats()
	if err != nil {
		return ProgramGauge{}, err
	}
	return ProgramGauge{Name: about.Name, Runs: stats.RunCount, Time: stats.Runtime}, nil
}
