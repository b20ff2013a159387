package capture

import "time"

const (
	// DefaultPoll is short enough for a log that is watched live, and for two
	// million packets of a flood a second not to fill the smallest ring. Waking
	// the reader for each event would halve the throughput.
	DefaultPoll = 20 * time.Millisecond

	// busyPoll is the pause where much comes: each time that the process wakes, it
	// and its runtime's threads take a tenth of what the events of 20 ms cost.
	busyPoll = 50 * time.Millisecond
	// Between these numbers of events a second it is busy, and no flood.
	busyRate, floodRate = 20_000, 200_000
)

// pause is how long the rings are left alone.
type pause struct {
	fixed time.Duration // what the configuration says; 0 is nothing
	last  time.Duration // how long it was
	read  int           // events since
}

// next is the length of the next pause, by what came in the one before.
func (p *pause) next() time.Duration {
	length := DefaultPoll
	if rate := float64(p.read) / max(p.last, DefaultPoll).Seconds(); rate >= busyRate && rate < floodRate {
		length = busyPoll
	}
	if p.fixed != 0 {
		length = p.fixed
	}
	p.last, p.read = length, 0
	return length
}
