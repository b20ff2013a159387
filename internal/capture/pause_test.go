package capture

import (
	"testing"
	"time"
)

// The rings are read less often where much comes, and as often as can be in a flood.
func TestPause(t *testing.T) {
	t.Parallel()
	var p pause
	for i, step := range []struct {
		read int
		want time.Duration
	}{
		{0, DefaultPoll},
		{busyRate/50 - 1, DefaultPoll}, // of 20 ms
		{busyRate / 50, busyPoll},
		{busyRate / 20, busyPoll}, // of 50 ms
		{floodRate / 20, DefaultPoll},
		{floodRate / 50, DefaultPoll},
		{busyRate / 50, busyPoll},
		{busyRate/20 - 1, DefaultPoll},
	} {
		p.read = step.read
		if got := p.next(); got != step.want {
			t.Errorf("step %d, after %d events: %v, want %v", i, step.read, got, step.want)
		}
	}
	p = pause{fixed: time.Second, read: busyRate}
	if got := p.next(); got != time.Second {
		t.Errorf("%v where the configuration says a second", got)
	}
}
