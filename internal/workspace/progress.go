package workspace

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/internal/kql/progress"
)

// progressEvery is how often it is told how much of a query is done. What is over
// sooner tells nothing, and its failure has a status of its own.
const progressEvery = time.Second / 2

// tellProgress writes at each tick how much of the context's query is done, until
// stop is called: told is whether anything was written, and the status with it.
func tellProgress(ctx context.Context, rw http.ResponseWriter, tick <-chan time.Time) (running context.Context, stop func() (told bool)) {
	var p progress.Progress
	told, end := false, make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		out := json.NewEncoder(rw)
		for {
			select {
			case <-end:
				return
			case <-tick:
			}
			share, known := p.Done()
			if !known {
				continue
			}
			rw.Header().Set("Content-Type", jsonLines)
			told = true
			if out.Encode(progressLine{share}) != nil || http.NewResponseController(rw).Flush() != nil {
				return // nobody listens any more
			}
		}
	})
	return progress.With(ctx, &p), func() bool {
		close(end)
		writer.Wait()
		return told
	}
}

// readHeader reads up to the header of an answer. What comes before is told by p, if
// that is not nil.
func readHeader(in *bufio.Reader, p *progress.Progress) (header, error) {
	var share atomic.Uint64 // the bits of a real
	share.Store(math.Float64bits(-1))
	if p != nil {
		defer p.Watch(func() (float64, bool) {
			now := math.Float64frombits(share.Load())
			return now, now >= 0
		})()
	}
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return header{}, fmt.Errorf("read answer: %w", err)
		}
		var b beginning
		if err := json.Unmarshal(line, &b); err != nil {
			return header{}, fmt.Errorf("read answer: %w", err)
		}
		switch {
		case b.Error != "":
			return header{}, b.err()
		case b.Done == nil:
			return b.header, nil
		}
		share.Store(math.Float64bits(*b.Done))
	}
}
