package capture

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever happens to the host's clock, event times never fall as kernel time
// rises, however late an event is read.
func TestClockNeverFalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mono, wall := int64(1e9), int64(1.7e18)
		c := newClock(mono, wall)
		last := c.at(mono)
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			step := rapid.Int64Range(1, int64(2*time.Second)).Draw(t, "step")
			late := rapid.Int64Range(0, step).Draw(t, "late")
			read := mono + step - late // read after the sync, happened before
			wall += step + rapid.Int64Range(-int64(time.Minute), int64(time.Minute)).Draw(t, "jump")
			mono += step
			c.sync(mono, wall)
			for _, m := range []int64{read, mono} {
				if got := c.at(m); got.Before(last) {
					t.Fatalf("at(%d) = %v, before %v", m, got, last)
				} else {
					last = got
				}
			}
		}
	})
}

func TestClockFollowsTheHost(t *testing.T) {
	t.Parallel()
	c := newClock(0, 0)
	sec := int64(time.Second)
	c.sync(sec, 11*sec) // ten seconds forward: at once
	if got := c.at(2 * sec).UnixNano(); got != 12*sec {
		t.Errorf("after a step forward: %d, want %d", got, 12*sec)
	}
	c.sync(3*sec, 11*sec) // two seconds back: caught up after four
	for m := int64(4); m <= 20; m++ {
		c.sync(m*sec, (m+8)*sec)
	}
	if got, want := c.at(21*sec).UnixNano(), 29*sec; got != want {
		t.Errorf("after a step back: %d, want %d", got, want)
	}
}
