package drops

import (
	"fmt"
	"os"

	"github.com/cilium/ebpf"
)

// Stats count packets since Open, on all CPUs. Each packet that was seen ends
// in exactly one of the other counters but Missed; while packets are being
// dropped, the reading may catch one a CPU in between.
type Stats struct {
	// Seen is every packet that the kernel freed at the tracepoint, of all
	// network namespaces.
	Seen uint64 `json:"seen"`

	// Sent packets are delivered one by one, Folded ones as the Count of a
	// later Drop.
	Sent   uint64 `json:"sent"`
	Folded uint64 `json:"folded"`
	// Suppressed packets came when the second's events were spent, Lost ones
	// when the ring had no room: nothing tells of them.
	Suppressed uint64 `json:"suppressed"`
	Lost       uint64 `json:"lost"`
	// Filtered packets are none of our business.
	Filtered Filtered `json:"filtered"`

	// Missed packets were dropped in the middle of the program's run for
	// another packet on the same CPU. They are not Seen.
	Missed uint64 `json:"missed"`
}

// Filtered counts packets that are left out, by why.
type Filtered struct {
	// NoReason is of packets that the kernel freed without a reason: mostly no
	// drop at all.
	NoReason uint64 `json:"noReason"`
	// Elsewhere is of other network namespaces.
	Elsewhere uint64 `json:"elsewhere"`
	NotIP     uint64 `json:"notIP"`
	// Ours is of packets that our enforcement dropped, by their mark.
	Ours uint64 `json:"ours"`
}

// Total is the sum of all.
func (f Filtered) Total() uint64 { return f.NoReason + f.Elsewhere + f.NotIP + f.Ours }

// The program's enum outcome.
const (
	outcomeSent = iota
	outcomeFolded
	outcomeSuppressed
	outcomeLost
	outcomeNoReason
	outcomeElsewhere
	outcomeNotIP
	outcomeOurs
)

// Stats reads the counters; os.ErrClosed after Close.
func (w *Watcher) Stats() (Stats, error) {
	w.closing.RLock()
	defer w.closing.RUnlock()
	if w.closed {
		return Stats{}, os.ErrClosed
	}
	return readStats(w.objects.Cpus, w.objects.Watch)
}

// Name is that of the watcher in its [Count].
func (w *Watcher) Name() string { return w.name }

// Count is how many of the packets nothing tells of.
func (w *Watcher) Count() (Count, error) {
	s, err := w.Stats()
	return Count{Watcher: w.name, Packets: s.untold()}, err
}

func readStats(cpus *ebpf.Map, watch *ebpf.Program) (Stats, error) {
	var perCPU []kernelCpu
	if err := cpus.Lookup(uint32(0), &perCPU); err != nil {
		return Stats{}, fmt.Errorf("read counters of drops: %w", err)
	}
	var s Stats
	for _, c := range perCPU {
		s.add(&c)
	}
	program, err := watch.Stats()
	if err != nil {
		return Stats{}, fmt.Errorf("read runs of the watcher of drops: %w", err)
	}
	s.Missed = program.RecursionMisses
	return s, nil
}

func (s *Stats) untold() uint64 { return s.Suppressed + s.Lost + s.Missed }

func (s *Stats) add(c *kernelCpu) {
	s.Seen += c.Seen
	s.Sent += c.Outcomes[outcomeSent]
	s.Folded += c.Outcomes[outcomeFolded]
	s.Suppressed += c.Outcomes[outcomeSuppressed]
	s.Lost += c.Outcomes[outcomeLost]
	s.Filtered.NoReason += c.Outcomes[outcomeNoReason]
	s.Filtered.Elsewhere += c.Outcomes[outcomeElsewhere]
	s.Filtered.NotIP += c.Outcomes[outcomeNotIP]
	s.Filtered.Ours += c.Outcomes[outcomeOurs]
}
