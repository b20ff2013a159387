package drops

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock is a reading of the host's two clocks at the same moment. It turns the
// kernel's monotonic time (bpf_ktime_get_ns) of about that moment into wall
// time.
type clock struct {
	mono int64 // ns
	wall time.Time
}

func readClocks() clock {
	before := monotonic()
	wall := time.Now()
	return clock{mono: before + (monotonic()-before)/2, wall: wall}
}

func (c clock) at(mono int64) time.Time {
	return c.wall.Add(time.Duration(mono - c.mono)).UTC()
}

// monotonic is the clock of bpf_ktime_get_ns.
func monotonic() int64 {
	var ts unix.Timespec
	// CLOCK_MONOTONIC exists on every Linux; the call cannot fail.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}
