// Package spool makes segments of a firewall's rows, in the folder from which a
// workspace takes them: each row once, whenever the process is killed.
//
//	rows of events ──────▶ generation ──▶ a segment of each table, in the folder
//	other rows ─▶ kept ──▶     n             (every second while there are rows)
//
// A generation is the rows between two moments, and it is closed as one segment
// of each table. The segments' names follow from its number, so that what is
// written a second time has the name of the first.
//
// Rows of events are in memory until then: the journal of the firewall has the
// events, and with each batch of them the generation that its rows belong to. A
// process that comes after one that was killed makes the same rows again, of
// all batches of the generations that are not closed. Rows that follow from no
// event are written down when they come: see kept.go.
//
//	spool.go       rows come in
//	place.go       generations begin and end
//	generation.go  the rows of one, and their segments
//	closer.go      closes what has ended; what happens where that fails
//	kept.go        rows that are written down until their generation is closed;
//	               kept_block.go is how, kept_read.go how they are read back
//	state.go       what the next process has to know
//	bound.go       how much may wait in the folder; again.go: losses that were told
//	               in what is given up
package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// Options say where segments go.
type Options struct {
	// Folder gets the segments, State what the next process has to know. Both
	// are made where they are missing.
	Folder, State string
	// Firewall is in the names of segments.
	Firewall string
	// Bytes bounds what waits in the folder: the oldest segments are given up.
	// 0 takes DefaultBytes.
	Bytes int64
	// Every is how often segments are closed while there are rows. 0 takes
	// DefaultEvery.
	Every time.Duration
	// Ready is asked before a generation is closed, and again each second while it
	// says no; nil says yes. It must not call the spool.
	Ready func(generation uint64) bool
	// Bind is called by the goroutine that closes generations, before it does anything,
	// and what it returns when it does nothing any more. waits says how long at a moment
	// the oldest has waited that is to be closed, or for ever, where somebody waits for
	// it; it may be called at any time. nil binds nothing.
	Bind func(waits func(now time.Time) time.Duration) (release func())
	// Held is how many rows wait in memory for a disk that has no room, or hangs,
	// before some are given up. 0 takes DefaultHeld.
	Held int
	// Unsynced leaves it to the kernel when segments are on the disk.
	Unsynced bool
	// Group may take the segments away; -1: nobody but the owner.
	Group int
	Log   *slog.Logger
}

const (
	// DefaultBytes hold some 70 million rows of flow trace.
	DefaultBytes = 512 << 20
	// DefaultEvery leaves time to read the rings, to write the segment and to take
	// it: a row can be asked for a second after its packet.
	DefaultEvery = 900 * time.Millisecond
	// most rows of events are in one generation.
	most = 65_536
	// DefaultHeld rows take some 100 MB.
	DefaultHeld = 4 * most
)

// Spool writes segments. It is safe for concurrent use, but for Add and Reach:
// they are for who takes the events.
type Spool struct {
	options Options

	mu      sync.Mutex
	state   state
	open    map[uint64]*generation // those that are not closed
	idle    map[*logs.Table][]*segment.Writer
	blocks  []byte        // memory for those of the next generation
	noted   uint64        // the newest closed one that is in the state's file
	events  uint64        // the one that rows of events go to
	kept    *kept         // where other rows are written down, and which generation they go to
	total   uint64        // rows of events, since there is this spool
	wanted  bool          // somebody waits for the rows there are
	failure error         // of the last try to close a generation
	tries   int           // to close one
	bytes   int64         // that wait in the folder, at most
	changed *sync.Cond    // a generation was closed, or could not be
	work    chan struct{} // something is to be closed
	since   atomic.Int64  // when the oldest one ended that is to be closed, in Unix nanoseconds; 0: there is none
	stop    chan struct{}
	done    sync.WaitGroup
}

// Open goes on where an earlier process of this firewall has ended: rows that it
// had written down are in their generations again. Rows of events come with
// Reach and Add, from the journal.
func Open(o Options) (*Spool, error) {
	if o.Bytes == 0 {
		o.Bytes = DefaultBytes
	}
	if o.Every == 0 {
		o.Every = DefaultEvery
	}
	if o.Held == 0 {
		o.Held = DefaultHeld
	}
	if err := makeFolder(o.Folder, o.Group); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for the spool's state: %w", err)
	}
	s := &Spool{options: o, open: map[uint64]*generation{}, idle: map[*logs.Table][]*segment.Writer{}, work: make(chan struct{}, 1), stop: make(chan struct{})}
	s.changed = sync.NewCond(&s.mu)
	var err error
	if s.state, err = readState(o.State); err != nil {
		return nil, err
	}
	if err := s.finishGiving(); err != nil {
		return nil, err
	}
	s.noted, s.events, s.total = s.state.Closed, s.state.Closed+1, s.state.Rows
	s.at(s.events).since = time.Unix(0, 0) // what an earlier process began is closed soon
	if err := s.readKept(); err != nil {
		return nil, err
	}
	if _, s.bytes, err = s.waitingFiles(); err != nil {
		return nil, err
	}
	s.done.Go(s.closeEnded)
	return s, nil
}

// makeFolder makes the folder that a workspace, which is another user, takes
// segments from: new files have the folder's group.
func makeFolder(folder string, group int) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make spool: %w", err)
	}
	mode := os.FileMode(0o700)
	if group >= 0 {
		mode = 0o770 | os.ModeSetgid
		if err := os.Chown(folder, -1, group); err != nil {
			return fmt.Errorf("give the spool to its group: %w", err)
		}
	}
	if err := os.Chmod(folder, mode); err != nil {
		return fmt.Errorf("make spool: %w", err)
	}
	return nil
}

// Add adds rows that follow from events in the journal.
func (s *Spool) Add(rows []logs.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.at(s.events)
	g.begin()
	s.total += uint64(len(rows))
	if s.waiting() > 2*s.options.Held { // the disk hangs
		g.miss(uint64(len(rows)), boundsOf(rows))
		return
	}
	s.sort(g, rows)
	for _, t := range g.tables {
		t.rows += t.add()
	}
	g.rows += len(rows)
}

// Keep adds rows that nothing but themselves follows from, and which are the
// caller's again when it returns. An error says that
// they are not written down, and are lost if the process is killed before their
// generation is closed.
func (s *Spool) Keep(rows []logs.Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept.write(s.at(s.kept.generation).keep(s, rows))
}

// at is a generation that is not closed.
func (s *Spool) at(number uint64) *generation {
	g := s.open[number]
	if g == nil {
		g = newGeneration(number)
		g.blocks, s.blocks = s.blocks, nil
		s.open[number] = g
	}
	return g
}

// Flush waits until every row that was added before is in a segment.
func (s *Spool) Flush(ctx context.Context) error {
	wake := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})
	defer wake()
	s.mu.Lock()
	defer s.mu.Unlock()
	until := s.state.Closed
	for number, g := range s.open {
		if !g.empty() {
			until = max(until, number)
		}
	}
	s.wanted = until >= s.events
	if s.state.Closed < until {
		s.since.Store(1) // somebody waits: as if for ever
	}
	for before := s.tries; s.state.Closed < until; s.changed.Wait() {
		if s.tries > before && s.failure != nil {
			return fmt.Errorf("close segments: %w", s.failure)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("close segments: %w", ctx.Err())
		}
	}
	return nil
}

// Close closes what is open. What cannot be closed now, the next process makes
// again.
func (s *Spool) Close() error {
	s.mu.Lock()
	for s.events < s.kept.generation {
		s.seal()
	}
	if g := s.open[s.events]; g != nil && !g.empty() {
		s.seal()
	}
	s.mu.Unlock()
	close(s.stop)
	s.done.Wait()
	return errors.Join(s.failure, s.kept.close())
}
