package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/kql/progress"
)

// progressAfter is how long something may take before it says that it goes on.
const progressAfter = time.Second

// showProgress shows on a terminal that a query of the context runs, for how long,
// and how much is done, until stop is called, which wipes it away. Elsewhere it
// shows nothing.
func showProgress(ctx context.Context, f *os.File) (running context.Context, stop func()) {
	if !isTerminal(f) {
		return ctx, func() {}
	}
	var p progress.Progress
	return progress.With(ctx, &p), writeProgress(f, time.Tick(progressAfter), p.Done)
}

// writeProgress writes a line at each tick, always the same one. How much is done is
// not known of all queries.
func writeProgress(w io.Writer, tick <-chan time.Time, done func() (share float64, known bool)) (stop func()) {
	begin, end := time.Now(), make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for shown := false; ; shown = true {
			select {
			case <-end:
				if shown {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			case <-tick:
				fmt.Fprintf(w, "\r\x1b[Kthe query runs: %.0f s", time.Since(begin).Seconds())
				if share, known := done(); known {
					fmt.Fprintf(w, ", %.0f %% done", 100*share)
				}
			}
		}
	})
	return func() {
		close(end)
		writer.Wait()
	}
}
