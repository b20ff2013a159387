package firewall

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/internal/yielding"
)

// Who carries packets comes first: the threads that make rows give way to all others,
// as long as rows are not late.
const (
	// yieldBeat is how often is looked whether they are: as often as rings are read.
	yieldBeat = 20 * time.Millisecond
	// lateAfter is how old an event may be that has no rows, or a generation that has
	// no segments. Without load an event waits 20 ms, and 70 for the kernel's reason.
	lateAfter = 200 * time.Millisecond
	// insistFor is how long threads then compete with others: where all CPUs are busy,
	// rows would be late again at once.
	insistFor = time.Second
)

// yields are the threads that give way, and what has them insist.
type yields struct {
	mu      sync.Mutex
	waits   map[*yielding.Thread]func(now time.Time) time.Duration // for how long its work does
	waiting atomic.Bool                                            // somebody waits for rows
	ended   atomic.Uint64                                          // how often threads began to insist
}

// bind has the calling goroutine's thread give way while watch runs, until release,
// which the same goroutine calls. Others than that goroutine ask for how long its work
// has waited: the answer must not wait for it.
func (y *yields) bind(waits func(now time.Time) time.Duration) (release func(), err error) {
	thread, err := yielding.Bind()
	if err != nil {
		return func() {}, err
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.waits == nil {
		y.waits = map[*yielding.Thread]func(time.Time) time.Duration{}
	}
	y.waits[thread] = waits
	return func() {
		y.mu.Lock()
		defer y.mu.Unlock()
		delete(y.waits, thread)
		thread.Release()
	}, nil
}

// hurry is called by who waits for rows.
func (y *yields) hurry() { y.waiting.Store(true) }

// watch has the threads give way while nothing is late, until the context ends. When
// one is late all insist: it may wait for what another holds.
func (y *yields) watch(ctx context.Context) error {
	var until time.Time
	for range beats(ctx, yieldBeat) {
		now := time.Now()
		if y.waiting.Swap(false) || y.anyLate(now) {
			until = now.Add(insistFor)
		}
		if err := y.set(now.After(until)); err != nil {
			return errors.Join(err, y.set(false))
		}
	}
	return y.set(false)
}

func (y *yields) anyLate(now time.Time) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, waits := range y.waits {
		if waits(now) > lateAfter {
			return true
		}
	}
	return false
}

func (y *yields) set(giveWay bool) (err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	changed := false
	for thread := range y.waits {
		if thread.Yields() == giveWay {
			continue
		}
		changed = true
		if giveWay {
			err = errors.Join(err, thread.Yield())
		} else {
			err = errors.Join(err, thread.Insist())
		}
	}
	if changed && !giveWay {
		y.ended.Add(1)
	}
	return err
}

// bound says how many threads there are, and whether they give way now.
func (y *yields) bound() (threads int, giveWay bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for thread := range y.waits {
		giveWay = giveWay || thread.Yields()
	}
	return len(y.waits), giveWay
}

// giveWay has the thread of the calling goroutine do so, where it is wanted and can be.
func (f *Firewall) giveWay(waits func(now time.Time) time.Duration) (release func()) {
	if f.config.Capture.Yield != nil && !*f.config.Capture.Yield {
		return func() {}
	}
	release, err := f.yields.bind(waits)
	if err != nil {
		f.cannotYield.Do(func() {
			f.log.Warn("making rows takes CPU time from whoever carries packets, where all CPUs are busy", "error", err)
		})
	}
	return release
}

func (f *Firewall) watchYields(ctx context.Context) {
	if err := f.yields.watch(ctx); err != nil {
		f.log.Warn("threads that make rows do not give way any more", "error", err)
	}
}

// rowsWait is for how long events have waited for their rows: for ever, where the next
// ones soon find no room, or the rings were not read yet.
func (f *Firewall) rowsWait(now time.Time) time.Duration {
	if f.recorder.Filling() {
		return math.MaxInt64
	}
	return now.Sub(f.recorder.Delivered())
}
