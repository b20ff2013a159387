package workspace

import (
	"context"
	"time"
)

// TendNow merges and removes what is due now.
func TendNow(ctx context.Context, w *Workspace) { w.tendOnce(ctx, time.Now(), w.cfg.retention()) }

// TendForever merges without a pause, so that a process that is killed is most
// of the time in the midst of it.
func TendForever(w *Workspace) {
	for {
		TendNow(context.Background(), w)
		time.Sleep(time.Millisecond)
	}
}

// BeatNow writes heartbeats.
func BeatNow(ctx context.Context, w *Workspace, now time.Time) error { return w.writeBeats(ctx, now) }
