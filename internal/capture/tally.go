package capture

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// maxFlags is room for the flags of layouts to come.
const maxFlags = 32

// tally are a program's counters, by flag.
type tally struct {
	Recorded, Lost [maxFlags]uint64
}

func (t *tally) add(o tally) {
	for f := range t.Recorded {
		t.Recorded[f] += o.Recorded[f]
		t.Lost[f] += o.Lost[f]
	}
}

// epochShift divides an event's number: what is above it counts the programs
// that have recorded for this firewall since the host booted, what is below
// counts the events that this program has seen on this CPU, from 1. 2^44 are
// five years at 100,000 a second; and the whole stays below 2^53, which JSON's
// readers can count to, for 512 programs.
const epochShift = 44

// tallyOf reads the counters of a program of any layout: a struct tally with as
// many flags as the map's values have room for. The sequence numbers are the
// CPUs' own.
func tallyOf(counters *ebpf.Map) (t tally, sequences []uint64, err error) {
	var perCPU [][]byte
	if err := counters.Lookup(uint32(0), &perCPU); err != nil {
		return t, nil, fmt.Errorf("read counters: %w", err)
	}
	for _, value := range perCPU {
		words := words(value)
		flags := (len(words) - 1) / 2
		if flags < 0 || flags > maxFlags {
			return t, nil, fmt.Errorf("read counters: %d flags, and %d are the most", flags, maxFlags)
		}
		sequences = append(sequences, words[0])
		for f := range flags {
			t.Recorded[f] += words[1+f]
			t.Lost[f] += words[1+flags+f]
		}
	}
	return t, sequences, nil
}

// tally is what the set's program has counted, and what its predecessors had.
func (s *set) tally() (tally, error) {
	if s.counters == nil {
		return tally{}, nil
	}
	t, _, err := tallyOf(s.counters)
	if err != nil || s.carried == nil {
		return t, err
	}
	var before tally
	if err := s.carried.Lookup(uint32(0), &before); err != nil {
		return t, fmt.Errorf("read counters of earlier programs: %w", err)
	}
	t.add(before)
	return t, nil
}

// carry keeps the counters of the predecessors, so that they outlive these.
func (s *set) carry(before tally) error {
	if s.carried == nil {
		return nil
	}
	if err := s.carried.Put(uint32(0), before); err != nil {
		return fmt.Errorf("keep counters of earlier programs: %w", err)
	}
	return nil
}

func newCarried() (*ebpf.Map, error) {
	m, err := ebpf.NewMap(&ebpf.MapSpec{Name: carriedName, Type: ebpf.Array, KeySize: 4, ValueSize: 16 * maxFlags, MaxEntries: 1})
	if err != nil {
		return nil, fmt.Errorf("make map for counters: %w", err)
	}
	return m, nil
}

// epoch is the highest that the set's events have.
func (s *set) epoch() (uint64, error) {
	if s.counters == nil || !s.layout.known() {
		return 0, nil
	}
	_, sequences, err := tallyOf(s.counters)
	var highest uint64
	for _, q := range sequences {
		highest = max(highest, q>>epochShift)
	}
	return highest, err
}

// begin makes the numbers of a program that never ran begin with an epoch.
func (s *set) begin(epoch uint64) error {
	_, sequences, err := tallyOf(s.counters)
	if err != nil {
		return err
	}
	perCPU := make([]RecordTally, len(sequences))
	for i, q := range sequences {
		if q != 0 {
			return nil // it has counted: a process was killed when it had just begun
		}
		perCPU[i].Seq = epoch << epochShift
	}
	if err := s.counters.Put(uint32(0), perCPU); err != nil {
		return fmt.Errorf("set the first numbers: %w", err)
	}
	return nil
}
