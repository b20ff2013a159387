package capture

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// clock turns the kernel's monotonic time (bpf_ktime_get_ns) into wall time by
// a function that never falls: whatever NTP or a person does to the host's
// clock, of two events the later one gets the later (or an equal) time.
//
// The function is a chain of straight lines. When the host's clock has moved
// forward the next line starts higher; when it has moved back, the next line
// rises at half speed until it has met the host's clock.
type clock struct {
	mu    sync.Mutex
	lines []line // by start, oldest first; never empty
}

// line maps mono ≥ start to base + (mono−start)·(1 or ½).
type line struct {
	start int64 // monotonic, ns
	base  int64 // wall, ns since 1970
	half  bool
}

// maxLines bounds the memory; events older than the oldest line are placed by
// extending it backwards.
const maxLines = 64

// tolerated is a difference that is not worth a new line: reading two clocks
// one after the other is no more exact than this on a busy machine.
const tolerated = int64(100 * time.Microsecond)

func newClock(mono, wall int64) *clock {
	return &clock{lines: []line{{start: mono, base: wall}}}
}

// resume makes a clock go on with the line that an earlier process had come to,
// so that its function does not fall from one process to the next either.
func resume(l line) *clock { return &clock{lines: []line{l}} }

// newest is the line that holds now.
func (c *clock) newest() line {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lines[len(c.lines)-1]
}

// at converts a monotonic time to wall time.
func (c *clock) at(mono int64) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held(mono)
}

// held is at for who holds the lock, for many times.
func (c *clock) held(mono int64) time.Time {
	i := len(c.lines) - 1
	for i > 0 && c.lines[i].start > mono {
		i--
	}
	return time.Unix(0, c.lines[i].wall(mono)).UTC()
}

func (l line) wall(mono int64) int64 {
	if l.half && mono > l.start {
		return l.base + (mono-l.start)/2
	}
	return l.base + mono - l.start
}

// sync takes a new reading of both clocks. Only times from mono on change, so
// readings must be newer than every event converted before.
func (c *clock) sync(mono, wall int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.lines[len(c.lines)-1]
	if mono <= last.start {
		return
	}
	ours := last.wall(mono)
	behind := wall - ours
	switch {
	case behind > tolerated:
		c.add(line{start: mono, base: wall})
	case behind < -tolerated && !last.half:
		c.add(line{start: mono, base: ours, half: true})
	case behind >= -tolerated && last.half:
		c.add(line{start: mono, base: ours})
	}
}

func (c *clock) add(l line) {
	if len(c.lines) == maxLines {
		c.lines = append(c.lines[:0], c.lines[1:]...)
	}
	c.lines = append(c.lines, l)
}

// readClocks reads both clocks as nearly at the same moment as it can.
func readClocks() (mono, wall int64) {
	before := monotonic()
	wall = time.Now().UnixNano()
	return before + (monotonic()-before)/2, wall
}

// monotonic is the clock of bpf_ktime_get_ns.
func monotonic() int64 {
	var ts unix.Timespec
	// CLOCK_MONOTONIC exists on every Linux; the call cannot fail.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}
