package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// progressAfter is how long something may take before it says that it goes on.
const progressAfter = time.Second

// showProgress shows on a terminal that a query runs, and for how long, until
// stop is called, which wipes it away. Elsewhere it shows nothing.
func showProgress(f *os.File) (stop func()) {
	if !isTerminal(f) {
		return func() {}
	}
	return progress(f, time.NewTicker(progressAfter))
}

// progress writes a line at each tick, always the same one.
func progress(w io.Writer, tick *time.Ticker) (stop func()) {
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
			case <-tick.C:
				fmt.Fprintf(w, "\rthe query runs: %.0f s", time.Since(begin).Seconds())
			}
		}
	})
	return func() {
		tick.Stop()
		close(end)
		writer.Wait()
	}
}
