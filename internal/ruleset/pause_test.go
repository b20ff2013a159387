package ruleset

import (
	"testing"
	"time"
)

// However often somebody takes the table away, it is back within a second.
func TestPausesStayShort(t *testing.T) {
	t.Parallel()
	want := []time.Duration{0, 0, 0, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond, time.Second, time.Second}
	for repairs, pause := range want {
		if got := pauseAfter(repairs); got != pause {
			t.Errorf("after %d repairs it waits for %v, want %v", repairs, got, pause)
		}
	}
	if got := pauseAfter(1 << 40); got != time.Second {
		t.Errorf("after many repairs it waits for %v", got)
	}
}
