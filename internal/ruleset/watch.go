package ruleset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

const (
	// askEvery is how often the kernel is asked whether something was not
	// heard; what is not heard after overdue will not be.
	askEvery = 10 * time.Second
	overdue  = time.Second
	// The first repairs follow at once. After hastyRepairs in a row, each of
	// which failed or did not last for calm, the next waits for firstPause,
	// then twice as long each time, up to longestPause: two programs that undo each
	// other's work at full speed would take a CPU and end nothing. An ordinary ruleset
	// takes some 20 ms, so with the longest one the CPU is hardly used, and who
	// flushes for long leaves no longer time without rules.
	hastyRepairs = 3
	calm         = 5 * time.Second
	firstPause   = 100 * time.Millisecond
	longestPause = time.Second
	// notificationBytes is room for what the kernel says when the largest
	// rulesets come and go. It takes the memory as they come, not before.
	notificationBytes = 64 << 20
)

// Tampered tells of a time in which a ruleset was not in force, because
// somebody else deleted or changed its table.
type Tampered struct {
	// Gone: the whole table was deleted, and every packet passed undecided.
	// Else a part of it was changed.
	Gone bool
	// From is when the change was heard of. If its notification was lost,
	// Exact is false and From is when the table was last known to be whole.
	From  time.Time
	Exact bool
	// To is when the ruleset was in force again; zero if it is not, for Err.
	To  time.Time
	Err error
	// By made the first of the changes; zero where nobody told.
	By Process
}

// Process is who changed nftables, as the kernel names it.
type Process struct {
	PID  int    // in the host's PID namespace, whatever ours is
	Name string // the program's, 15 bytes at most, as in "nft", "firewalld", "iptables-restor"
}

// Watcher applies rulesets and keeps them in force: when somebody deletes or
// changes the table, it puts the ruleset back at once.
//
// nftables notifies of each transaction: what it does to which table, and at
// the end the number of the new generation and the process that made it. A
// transaction that touches our table and is not one of ours took the ruleset
// out of force, whole or in part. Where a notification was lost, the table is
// compared with what it was right after it was applied.
type Watcher struct {
	news   *netlink.Conn // notifications
	kernel *netlink.Conn // questions
	notes  notes

	mu      sync.Mutex // held while the table is changed or looked at
	current *Ruleset   // nil before the first Apply
	applied time.Time
	last    commit      // current's
	want    fingerprint // of the table when it is whole
	ours    []commit    // those that were not heard of yet
	whole   time.Time   // when the table was last known to be
	ask     time.Time   // when to ask the kernel for its generation
	awaited uint32      // its answer
	missing *missing    // nil while the ruleset is in force
	repairs int         // in a row
	due     time.Time   // of the next one

	since atomic.Int64 // of missing; 0 while there is none
}

// commit is a transaction of ours: the one that touches the table and has a
// generation after the first and not after the second of these.
type commit struct{ after, upTo uint32 }

// missing is a time without the ruleset that is not over, or not yet reported.
type missing struct {
	Tampered
	generation uint32 // of the newest change
}

// NewWatcher listens in the network namespace of the calling thread. The
// caller must Close the watcher.
func NewWatcher() (*Watcher, error) {
	w := &Watcher{notes: notes{heard: make(chan struct{}, 1)}, ask: time.Now().Add(askEvery)}
	if err := w.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("watch nftables: %w", err), w.Close())
	}
	return w, nil
}

func (w *Watcher) open() (err error) {
	if w.kernel, err = netlink.Dial(unix.NETLINK_NETFILTER, nil); err != nil {
		return err
	}
	if w.news, err = netlink.Dial(unix.NETLINK_NETFILTER, nil); err != nil {
		return err
	}
	if err := w.news.SetReadBuffer(notificationBytes); err != nil {
		return err
	}
	if err := w.news.JoinGroup(unix.NFNLGRP_NFTABLES); err != nil {
		return err
	}
	w.awaited, err = w.generation()
	w.notes.generation = w.awaited
	return err
}

// Close stops listening, after Run. The ruleset stays in force.
func (w *Watcher) Close() error {
	var errs []error
	for _, c := range []*netlink.Conn{w.kernel, w.news} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// Apply puts a ruleset in force as [Ruleset.Apply] does, and from then on Run
// keeps it there. On an error the one before is kept. Call it in the network
// namespace in which the watcher was made.
func (w *Watcher) Apply(ctx context.Context, r *Ruleset) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.apply(ctx, r)
}

func (w *Watcher) apply(ctx context.Context, r *Ruleset) error {
	before, err := w.generation()
	if err != nil {
		return err
	}
	if err := r.Apply(ctx); err != nil {
		return err
	}
	now := time.Now()
	w.current, w.applied, w.whole = r, now, now
	sum, after, err := w.fingerprint()
	switch {
	case err != nil:
		sum, after = unknown, before+1
	case after != before+1:
		// Somebody else committed at the same time, perhaps to our table
		// before it was read. What is heard tells; nothing else can.
		sum = unknown
	}
	w.want, w.last = sum, commit{before, after}
	w.ours = append(w.ours, w.last)
	return nil
}

// Run listens and repairs until the context ends, and then returns nil. Run it
// in the network namespace in which the watcher was made. It calls report in
// this goroutine when the ruleset is in force again, and each time that it
// could not be put back.
func (w *Watcher) Run(ctx context.Context, report func(Tampered)) error {
	listening := make(chan error, 1)
	go func() { listening <- w.listen() }()
	for {
		found, wait := w.step(ctx)
		if found != nil && ctx.Err() == nil {
			report(*found)
		}
		select {
		case <-w.notes.heard:
		case <-time.After(wait):
		case err := <-listening:
			return err
		case <-ctx.Done():
			wake := w.news.SetReadDeadline(time.Unix(1, 0))
			return errors.Join(wake, <-listening)
		}
	}
}

// step looks at the table and repairs it if it is time to. It returns what is
// to be reported, if anything, and how long there is nothing to do.
func (w *Watcher) step(ctx context.Context) (*Tampered, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look()
	if w.missing == nil {
		return nil, time.Until(w.ask)
	}
	found := w.missing.Tampered
	if later(w.missing.generation, w.last.after) { // else an Apply put it right
		if wait := time.Until(w.due); wait > 0 {
			return nil, wait
		}
		if found.Err = w.repair(ctx); found.Err != nil {
			return &found, time.Until(w.due)
		}
	}
	found.To, w.missing = w.applied, nil
	w.since.Store(0)
	if found.From.After(found.To) { // heard of only after the Apply
		found.From = found.To
	}
	return &found, 0
}

func (w *Watcher) repair(ctx context.Context) error {
	w.repairs++
	w.due = time.Now().Add(pauseAfter(w.repairs))
	return w.apply(ctx, w.current)
}

// pauseAfter is how long to wait after so many repairs in a row.
func pauseAfter(repairs int) time.Duration {
	if repairs < hastyRepairs {
		return 0
	}
	return min(firstPause<<min(repairs-hastyRepairs, 16), longestPause)
}

// look learns from what was heard whether the ruleset is still in force.
func (w *Watcher) look() {
	changes, upTo := w.notes.take()
	asking := !time.Now().Before(w.ask)
	lost := asking && w.isOverdue(upTo)
	for _, c := range changes {
		if c.lost {
			lost = true
		} else if !w.isOurs(c.generation) {
			w.miss(Tampered{Gone: c.gone, From: c.at, Exact: true, By: c.by}, c.generation)
		}
	}
	w.ours = slices.DeleteFunc(w.ours, func(c commit) bool { return !later(c.upTo, upTo) })
	if lost {
		w.compare()
	} else if asking && w.missing == nil && !later(w.awaited, upTo) {
		w.whole = time.Now()
	}
}

// isOverdue says whether a notification that must have come has not, and asks
// what is to be awaited next. Each generation has one.
func (w *Watcher) isOverdue(upTo uint32) bool {
	lost := later(w.awaited, upTo)
	if lost {
		w.notes.skip(w.awaited)
	}
	var err error
	w.awaited, err = w.generation()
	w.ask = time.Now().Add(askEvery)
	if later(w.awaited, upTo) {
		w.ask = time.Now().Add(overdue)
	}
	return lost || err != nil
}

func (w *Watcher) isOurs(generation uint32) bool {
	for i, c := range w.ours {
		if later(generation, c.after) && !later(generation, c.upTo) {
			w.ours = slices.Delete(w.ours, i, i+1)
			return true
		}
	}
	return false
}

// compare tells whether the table is whole where notifications cannot.
func (w *Watcher) compare() {
	sum, _, err := w.fingerprint()
	if err == nil && sum == w.want && sum != unknown {
		w.whole = time.Now()
		return
	}
	w.miss(Tampered{Gone: sum == noTable, From: w.whole}, w.last.upTo+1)
}

// miss notes that the ruleset is not in force, or still not.
func (w *Watcher) miss(t Tampered, generation uint32) {
	if w.current == nil {
		return
	}
	if w.missing != nil {
		w.missing.Gone = w.missing.Gone || t.Gone
		w.missing.generation = generation
		return
	}
	if time.Since(w.applied) > calm {
		w.repairs, w.due = 0, time.Time{}
	}
	w.missing = &missing{t, generation}
	w.since.Store(max(1, t.From.UnixNano()))
}

// MissingSince is since when the ruleset is not in force, for all that was heard
// until now; zero while it is. It waits for no repair.
func (w *Watcher) MissingSince() time.Time {
	if since := w.since.Load(); since != 0 {
		return time.Unix(0, since)
	}
	return time.Time{}
}

// later compares generations, which wrap around.
func later(a, b uint32) bool { return int32(a-b) > 0 }
