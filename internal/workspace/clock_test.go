package workspace

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/store"
)

func TestAClockThatIsSetRemovesNothingByAge(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	keep := store.Retention{"": {Age: 24 * time.Hour, Bytes: 5}}
	held := store.Retention{"": {Bytes: 5}}
	c := newClock(start, slog.New(slog.DiscardHandler))
	for _, step := range []struct {
		elapsed, set time.Duration
		want         store.Retention
	}{
		{time.Minute, 0, keep},
		{time.Hour, 10 * time.Second, keep},         // NTP
		{2 * time.Hour, 365 * 24 * time.Hour, held}, // a mistake
		{3 * time.Hour, 365 * 24 * time.Hour, held},
		{4 * time.Hour, 0, keep},                     // put right
		{5 * time.Hour, -365 * 24 * time.Hour, held}, // another mistake
		{28 * time.Hour, -365 * 24 * time.Hour, held},
		{29 * time.Hour, -365 * 24 * time.Hour, keep}, // that was none
		{30 * time.Hour, -365 * 24 * time.Hour, keep},
		{31 * time.Hour, 0, held},
	} {
		got := c.keep(start.Add(step.elapsed+step.set), step.elapsed, keep)
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("after %v, set by %v (-want +got):\n%s", step.elapsed, step.set, diff)
		}
	}
}
