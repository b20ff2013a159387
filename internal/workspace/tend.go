package workspace

import (
	"context"
	"time"

	"github.com/sekisho/sekisho/internal/store"
)

// tendBeat is how often segments are merged and old ones removed: a query
// should find about twenty one-second segments and no more.
const tendBeat = 10 * time.Second

// tend merges and removes segments.
func (w *Workspace) tend(ctx context.Context) error {
	tick := time.NewTicker(tendBeat)
	defer tick.Stop()
	clock := newClock(time.Now(), w.log)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			now := time.Now()
			w.tendOnce(ctx, now, clock.keep(now, now.Sub(clock.start), w.cfg.retention()))
		}
	}
}

// tendOnce does what is due. What cannot be done now, on a full disk, is tried
// again with the next beat, and told once.
func (w *Workspace) tendOnce(ctx context.Context, now time.Time, keep store.Retention) {
	done, err := w.store.Tend(ctx, now, keep)
	if ctx.Err() != nil {
		return
	}
	for _, n := range done.Notes {
		w.log.Error("a file of segments was set aside or repaired", "what", n)
	}
	w.note(func(s *seen) {
		s.merged += int64(done.Merged)
		s.removed += int64(done.Removed)
		if err != nil && textOf(err) != textOf(s.tendFailed) {
			w.log.Error("merging or removing segments failed, and is tried again", "reason", err)
		}
		s.tendFailed = err
	})
}
