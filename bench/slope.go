package main

import (
	"context"
	"fmt"

	"github.com/cilium/ebpf"
)

const (
	// slopeRounds is how often everything is measured, one after the other, so
	// that what else the machine does meets all alike.
	slopeRounds = 15
	// slopeCopies is how many copies of a program run for each packet. A slope
	// over many is steeper than the clock is coarse.
	slopeCopies = 16
)

// Slopes measures what the recorder's program costs for a packet that is no
// event and for some that are, without what the kernel's own statistics cost:
// so many copies of it sit at the forward hook, between two programs that read
// the clock, and beside it, in the same rounds, as many copies of a program that
// does nothing.
func Slopes(ctx context.Context, f *figures) error {
	ns, err := newNamespace()
	if err != nil {
		return err
	}
	defer ns.Close()
	return inside(ns, func() error {
		l, err := newLane()
		if err != nil {
			return fmt.Errorf("make a router to measure programs in: %w", err)
		}
		defer l.close()
		p, err := loadPrograms()
		if err != nil {
			return err
		}
		defer p.close()
		for _, k := range l.kinds() {
			if err := p.slope(ctx, f, k); err != nil {
				return fmt.Errorf("slope of %s: %w", k.name, err)
			}
		}
		return nil
	})
}

// slope measures one kind of packet and writes its figures, in nanoseconds.
func (p *programs) slope(ctx context.Context, f *figures, k packetKind) error {
	if err := k.prepare(); err != nil {
		return err
	}
	var empty, above, cold []float64
	for round := range slopeRounds + 1 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		t, err := p.round(k)
		if err != nil {
			return err
		}
		if round == 0 {
			continue // to warm up
		}
		empty = append(empty, (t.empties-t.none)/slopeCopies)
		above = append(above, (t.recorders-t.empties)/slopeCopies)
		cold = append(cold, t.recorder-t.empty)
	}
	return k.tell(f, empty, above, cold)
}

// times are those of one round: of no program, one and many.
type times struct{ none, empty, recorder, empties, recorders float64 }

func (p *programs) round(k packetKind) (t times, err error) {
	idle, recorder := p.idle, p.recorder(k.ipv6)
	for _, m := range []struct {
		to      *float64
		program *ebpf.Program
		copies  int
	}{{&t.none, nil, 0}, {&t.empty, idle, 1}, {&t.recorder, recorder, 1}, {&t.empties, idle, slopeCopies}, {&t.recorders, recorder, slopeCopies}} {
		if *m.to, err = p.bracketed(k, m.program, m.copies); err != nil {
			return t, err
		}
	}
	return t, nil
}

// tell writes what was measured twice: what a further copy costs, and what the
// only one costs, which finds the caches as the packet's way has left them.
func (k *packetKind) tell(f *figures, empty, above, cold []float64) error {
	fig := func(name, against string, aim any) figure {
		return figure{Name: "program_" + k.name + name, Unit: "ns", Aim: aim, Better: "lower", Against: against}
	}
	if err := f.spread(fig("_empty", "no program, slope over copies, same round", nil), empty); err != nil {
		return err
	}
	if err := f.spread(fig("_slope", "an empty program, slope over copies, same round", k.aim), above); err != nil {
		return err
	}
	return f.spread(fig("_single", "an empty program, one copy of each, same round", k.aim), cold)
}

// bracketed is the time that so many copies of a program take for a
// packet of a kind, with the clock's own time.
func (p *programs) bracketed(k packetKind, program *ebpf.Program, copies int) (float64, error) {
	links, err := p.attach(program, copies, k.ipv6)
	if err != nil {
		return 0, err
	}
	if err := k.send(); err != nil {
		return 0, err
	}
	for _, l := range links {
		if err := l.Close(); err != nil {
			return 0, err
		}
	}
	want := 0
	if k.event && program != p.idle {
		want = copies * slopePackets
	}
	n, err := p.drain()
	if err != nil {
		return 0, fmt.Errorf("read events: %w", err)
	}
	if n != want {
		return 0, fmt.Errorf("%d events were recorded, want %d", n, want)
	}
	return p.typical()
}
