package workspace

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/internal/kql/result"
)

// Throttled is the error of a query that is not run, because too many others
// are. It may be asked again.
type Throttled struct {
	// Running is how many queries run at a time.
	Running int
	// Waited is how long it waited for its turn; zero where too many did.
	Waited time.Duration
}

// Error implements error.
func (t *Throttled) Error() string {
	if t.Waited == 0 {
		return fmt.Sprintf("the workspace is busy: %d queries run, and too many wait for their turn; ask again in a while", t.Running)
	}
	return fmt.Sprintf("the workspace is busy: %d queries run, and none ended within %v; ask again in a while", t.Running, t.Waited.Round(time.Millisecond))
}

// turns bound how many queries run at a time, because they share memory: many at
// once would all be slow, and some would fail. Others wait, in the order in
// which they came, but not for ever and not in any number.
type turns struct {
	running  chan struct{}
	waiting  atomic.Int64
	refused  atomic.Int64
	queue    int64 // how many may wait
	patience time.Duration
}

func newTurns(running, queue int, patience time.Duration) *turns {
	return &turns{running: make(chan struct{}, running), queue: int64(queue), patience: patience}
}

// take waits for a turn. done ends it.
func (t *turns) take(ctx context.Context) (done func(), err error) {
	done = sync.OnceFunc(func() { <-t.running })
	select {
	case t.running <- struct{}{}:
		return done, nil
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > t.queue {
		t.refused.Add(1)
		return nil, &Throttled{Running: cap(t.running)}
	}
	timer := time.NewTimer(t.patience)
	defer timer.Stop()
	select {
	case t.running <- struct{}{}:
		return done, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-timer.C:
		t.refused.Add(1)
		return nil, &Throttled{Running: cap(t.running), Waited: t.patience}
	}
}

// turnRows are the rows of a query that has a turn until they are closed.
type turnRows struct {
	result.Rows
	done func()
}

// Close implements [result.Rows].
func (r *turnRows) Close() error {
	defer r.done()
	return r.Rows.Close()
}
