package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/store"
)

// A workspace asks this host's firewalls for their newest rows before it answers
// others' clients, as commands do for themselves. Dashboards ask much and at once, so
// this has bounds.
const (
	// roundEvery is how often firewalls are asked at most, for all queries together:
	// each time may cost a segment. So late a row may be.
	roundEvery = 100 * time.Millisecond
	// roundTime is how long that may take. Mostly it is some 20 ms.
	roundTime = 500 * time.Millisecond
	// restTime is how long a firewall is left alone that did not answer in time: it
	// hangs, or its disk is full, and no second query should wait for it.
	restTime = 30 * time.Second
)

// ingester takes what is in the spool folders: a workspace.
type ingester interface{ Ingest(context.Context) }

// freshener brings the newest rows of this host's firewalls into a workspace.
type freshener struct {
	w         ingester
	firewalls func() []string                            // ids of those of this host
	ask       func(ctx context.Context, id string) error // one of them for its rows

	mu      sync.Mutex
	round   chan struct{} // closed when the latest round has ended
	began   time.Time
	resting map[string]time.Time // until when, by id
}

func newFreshener(w ingester, spools []string) *freshener {
	ask := func(ctx context.Context, id string) error { return flushInto(ctx, id, spools) }
	return &freshener{w: w, firewalls: control.IDs, ask: ask, resting: map[string]time.Time{}}
}

// freshen waits for the newest rows that a scope may have. One that ends in the past
// has none: what comes late to it has come long ago.
func (f *freshener) freshen(ctx context.Context, scope store.Scope) {
	now := time.Now()
	if !scope.To.IsZero() && scope.To.Before(now) {
		return
	}
	round, until := f.current(now)
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	select {
	case <-round:
	case <-ctx.Done():
	}
}

// current is the round that runs, a new one, or the one before where it is too early
// for a new one; and until when it is waited for.
func (f *freshener) current(now time.Time) (round <-chan struct{}, until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.round != nil && (now.Sub(f.began) < roundEvery || !over(f.round)) {
		return f.round, f.began.Add(roundTime)
	}
	f.round, f.began = make(chan struct{}), now
	go f.run(f.round) // whoever waits for it may go away
	return f.round, now.Add(roundTime)
}

func over(round <-chan struct{}) bool {
	select {
	case <-round:
		return true
	default:
		return false
	}
}

func (f *freshener) run(round chan struct{}) {
	defer close(round)
	ctx, cancel := context.WithTimeout(context.Background(), roundTime)
	defer cancel()
	var all sync.WaitGroup
	for _, id := range f.awake() {
		all.Go(func() {
			if err := f.ask(ctx, id); errors.Is(err, context.DeadlineExceeded) {
				f.rest(id)
			}
		})
	}
	all.Wait()
	f.w.Ingest(context.Background()) // which may find much; nobody waits longer for that
}

// flushInto has a firewall close what it has, if its segments go to one of the spool
// folders. One whose socket is not this user's to open is left out.
func flushInto(ctx context.Context, id string, spools []string) error {
	client := control.NewClient(id)
	status, err := client.Status(ctx)
	if err != nil || !takes(spools, status.Spool) {
		return err
	}
	return client.Flush(ctx)
}

func (f *freshener) awake() (ids []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range f.firewalls() {
		if time.Now().After(f.resting[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (f *freshener) rest(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.resting[id] = time.Now().Add(restTime)
}
