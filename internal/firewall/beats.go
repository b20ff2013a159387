package firewall

import (
	"context"
	"iter"
	"time"
)

// beats are the beats of a clock, one each so often, until the context ends.
func beats(ctx context.Context, each time.Duration) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		clock := time.NewTicker(each)
		defer clock.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case at := <-clock.C:
				if !yield(at) {
					return
				}
			}
		}
	}
}
