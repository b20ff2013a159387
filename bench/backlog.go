package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/control"
)

// backlogRing has room for what is recorded of a window's connections.
const backlogRing = 64 << 20

// Backlog measures the CPU time of a firewall's process for each event from full rings
// to closed segments, with journal, tracker and connections' rows: the process is
// stopped while there are connections, and then goes on. So nobody else is on its
// processors meanwhile, or drives it out of their caches, as in the part settings.
func Backlog(ctx context.Context, f *figures, rounds int, window time.Duration) (err error) {
	v := &variant{name: "backlog", trace: true, ring: backlogRing, settings: `{"revision": 1, "settings": [{"name": "s", "workspace": true}]}`}
	r, err := newRange(ctx, []*variant{v})
	defer func() {
		if closeErr := r.close(); err == nil {
			err = closeErr
		}
	}()
	if err != nil {
		return err
	}
	var costs []float64
	for round := range rounds + 1 {
		cpu, events, err := v.spent(ctx, func() error { return v.whileStopped(window) })
		if err != nil {
			return fmt.Errorf("CPU time of a backlog: %w", err)
		}
		if round > 0 { // the first is to warm up
			costs = append(costs, cpu/events)
		}
	}
	status, err := control.NewClient(v.fd).Status(ctx)
	if err != nil {
		return err
	}
	if lost := capture.Total(status.Capture.Lost); lost > 0 {
		return fmt.Errorf("%d events of a backlog are lost: the rings are too small", lost)
	}
	return f.spread(figure{Name: "backlog_to_segment_cpu", Unit: "ns/event", Aim: 1000, Better: "lower", Against: "journal, tracker and connections' rows included; nothing else on the machine"}, costs)
}

// whileStopped lets a window of connections pass while the process is stopped.
func (v *variant) whileStopped(window time.Duration) error {
	process := v.processes[0].Process
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	_, _, err := v.measure("connect", window)
	if contErr := process.Signal(syscall.SIGCONT); err == nil {
		err = contErr
	}
	return err
}
