package main

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/store"
)

// countedIngests is a workspace that only counts how often it looked into its spools.
type countedIngests struct{ n atomic.Int64 }

// Ingest implements ingester.
func (c *countedIngests) Ingest(context.Context) { c.n.Add(1) }

// asking are firewalls of which one hangs, and who was asked.
type asking struct {
	countedIngests
	mu    sync.Mutex
	asked []string
}

func (a *asking) freshener(firewalls ...string) *freshener {
	return &freshener{w: a, firewalls: func() []string { return firewalls }, ask: a.ask, resting: map[string]time.Time{}}
}

func (a *asking) ask(ctx context.Context, id string) error {
	a.mu.Lock()
	a.asked = append(a.asked, id)
	slices.Sort(a.asked)
	a.mu.Unlock()
	if id != "hangs" {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// However many queries there are, firewalls are asked once in a while; and not for
// a span that is over.
func TestFirewallsAreAskedOnceForManyQueries(t *testing.T) {
	t.Parallel()
	var a asking
	f := a.freshener("well")
	past := store.Scope{To: time.Now().Add(-time.Millisecond)}
	f.freshen(t.Context(), past)
	if a.n.Load() != 0 {
		t.Error("firewalls are asked for rows of a span that is over")
	}
	begin := time.Now()
	for n, scope := range []store.Scope{{}, {To: time.Now().Add(time.Hour)}} {
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { f.freshen(t.Context(), scope); f.freshen(t.Context(), past) })
		}
		all.Wait()
		if got := a.n.Load(); got != int64(n+1) && time.Since(begin) < roundEvery {
			t.Errorf("firewalls were asked %d times, want %d", got, n+1)
		}
		time.Sleep(roundEvery)
		begin = time.Now()
	}
}

// A firewall that hangs delays the queries of a moment, and not by much; those that
// come afterwards leave it alone, and not the others.
func TestAFirewallThatHangsDelaysOnce(t *testing.T) {
	t.Parallel()
	var a asking
	f := a.freshener("hangs", "well")
	begin := time.Now()
	f.freshen(t.Context(), store.Scope{})
	if took := time.Since(begin); took < roundTime/2 || took > 10*roundTime {
		t.Errorf("the first query waited %v, want about %v", took, roundTime)
	}
	time.Sleep(roundEvery)
	f.freshen(t.Context(), store.Scope{})
	a.mu.Lock()
	defer a.mu.Unlock()
	if diff := cmp.Diff([]string{"hangs", "well", "well"}, a.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// Who gives up does not wait, and takes nobody along.
func TestAQueryThatIsGivenUpDoesNotWait(t *testing.T) {
	t.Parallel()
	var a asking
	f := a.freshener("hangs")
	given, up := context.WithCancel(t.Context())
	up()
	begin := time.Now()
	f.freshen(given, store.Scope{})
	if took := time.Since(begin); took >= roundTime {
		t.Errorf("it waited %v", took)
	}
	f.freshen(t.Context(), store.Scope{})
	if a.n.Load() > 1 {
		t.Errorf("firewalls were asked %d times", a.n.Load())
	}
}
