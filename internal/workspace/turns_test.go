package workspace

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// taken gives a turn, which must be free or become free.
func taken(t *testing.T, turns *turns) (done func()) {
	t.Helper()
	done, err := turns.take(t.Context())
	if err != nil {
		t.Fatalf("take() error:\n%+v", err)
	}
	return done
}

func TestTurnsAreWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(2, 1, time.Second)
		first, second := taken(t, turns), taken(t, turns)
		var third sync.WaitGroup
		third.Go(func() { taken(t, turns)() })
		synctest.Wait()
		begin := time.Now()
		var busy *Throttled
		if _, err := turns.take(t.Context()); !errors.As(err, &busy) || busy.Running != 2 || time.Since(begin) != 0 {
			t.Errorf("a query beyond the queue got error %v after %v", err, time.Since(begin))
		}
		first()
		first() // counts once
		third.Wait()
		fourth := taken(t, turns)
		if _, err := turns.take(t.Context()); !errors.As(err, &busy) || time.Since(begin) != time.Second {
			t.Errorf("a query that waited too long got error %v after %v", err, time.Since(begin))
		}
		cause := errors.New("the client has gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if _, err := turns.take(ctx); !errors.Is(err, cause) {
			t.Errorf("a query whose client has gone got error %v", err)
		}
		second()
		fourth()
		if n := turns.waiting.Load(); n != 0 || len(turns.running) != 0 || turns.refused.Load() != 2 {
			t.Errorf("in the end %d wait, %d run and %d were refused, want 0, 0 and 2", n, len(turns.running), turns.refused.Load())
		}
	})
}

func TestNoMoreRunThanMay(t *testing.T) {
	t.Parallel()
	turns := newTurns(3, 1000, time.Minute)
	var running, most atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			done, err := turns.take(t.Context())
			if err != nil {
				t.Errorf("take() error:\n%+v", err)
				return
			}
			defer done()
			n := running.Add(1)
			defer running.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Millisecond)
		})
	}
	all.Wait()
	if most.Load() != 3 {
		t.Errorf("%d ran at a time, want 3", most.Load())
	}
}
