package firewall

import (
	"sync"
	"sync/atomic"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// Entry is one event with its rows; or, without an event, the row of a
// connection, or rows about the recording itself or about a packet that the
// host dropped.
type Entry struct {
	Event *flow.Event
	// Connection is that of a row of the table Connection.
	Connection *flow.Connection
	// Packet is that of a drop, so that it can be filtered.
	Packet flow.Tuple
	Rows   []logs.Row
}

// Matches reports whether an entry passes a filter. What is about no packet
// passes where nothing is asked of packets.
func (e Entry) Matches(f *flow.Filter) bool {
	if e.Connection != nil {
		return f.MatchConnection(e.Connection)
	}
	if e.Event == nil && e.Packet.IsValid() {
		return f.Match(&flow.Event{Packet: e.Packet})
	}
	return f.Match(e.Event)
}

const (
	// remembered is how many events are kept for who asks later.
	remembered = 10_000
	// backlog is how far a follower may fall behind before it misses some.
	backlog = 4096
)

// stream keeps the newest entries and hands new ones to followers. It never
// waits for a follower: one that is too slow is told how many it missed.
type stream struct {
	source    *logs.Source
	rows      *rowsTold // about connections
	mu        sync.Mutex
	newest    []remnant // a ring once it is full
	at        int
	told      uint64
	batches   batches // which have the events of the newest
	followers map[*Follower]struct{}
	missed    *atomic.Uint64 // by all followers, also those that left
	closed    bool
}

// Follower receives entries as they come.
type Follower struct {
	// Entries is closed when the firewall stops.
	Entries chan Entry
	stream  *stream
	missed  uint64
	left    func()
}

func newStream(source *logs.Source, rows *rowsTold) *stream {
	return &stream{source: source, rows: rows, newest: make([]remnant, 0, remembered), followers: map[*Follower]struct{}{}, missed: &atomic.Uint64{}}
}

// publish takes an entry that does not change any more.
func (s *stream) publish(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.next() = remnant{entry: &e}
	s.handOut(e)
}

// tell takes events, and a batch which most of them are of: it does not change any
// more, before memory gives it away again.
func (s *stream) tell(list []telling, batch []flow.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	few := s.batches.giveBack(batch, len(list))
	for i := range list {
		r := s.next()
		r.set(&list[i])
		if few {
			event := *r.event
			r.event = &event
		}
		if len(s.followers) > 0 {
			e, _ := r.made(s)
			s.handOut(e)
		}
	}
	if !few {
		s.batches.keep(batch, s.told)
	}
}

// memory is for the events of a batch, so many, that is told then.
func (s *stream) memory(n int) []flow.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batches.memory(n, s.told)
}

// tellConnections takes rows about connections, which are the caller's again when
// it returns. They are remembered by their numbers, the first one's and on.
func (s *stream) tellConnections(rows []flow.Connection, first uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range rows {
		s.next().setConnection(first + uint64(i))
		if len(s.followers) > 0 {
			s.handOut(connectionEntry(rows[i], s.source))
		}
	}
}

// next is the place for one more: that of the oldest, where there are enough.
func (s *stream) next() *remnant {
	s.told++
	if len(s.newest) < remembered {
		s.newest = append(s.newest, remnant{})
		return &s.newest[len(s.newest)-1]
	}
	r := &s.newest[s.at]
	s.at = (s.at + 1) % remembered
	return r
}

func (s *stream) handOut(e Entry) {
	for f := range s.followers {
		select {
		case f.Entries <- e:
		default:
			f.missed++
			s.missed.Add(1)
		}
	}
}

// recent returns the newest entries that keep accepts, oldest first, at most
// max; max < 0 is all.
func (s *stream) recent(max int, keep func(Entry) bool) []Entry {
	var out []Entry
	for i := len(s.newest) - 1; i >= 0 && (max < 0 || len(out) < max); i-- {
		if e, there := s.newest[(s.at+i)%len(s.newest)].made(s); there && keep(e) {
			out = append(out, e)
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for f := range s.followers {
		close(f.Entries)
		delete(s.followers, f)
	}
}

// Recent returns the newest entries that keep accepts, oldest first, at most
// max of them (all that are remembered if max is negative).
func (f *Firewall) Recent(max int, keep func(Entry) bool) []Entry {
	f.stream.mu.Lock()
	defer f.stream.mu.Unlock()
	return f.stream.recent(max, keep)
}

// Follow returns the newest entries, as Recent does, and a follower that
// receives what comes after them, without gap or repeat. The caller must Close
// it; its entries are not filtered.
func (f *Firewall) Follow(max int, keep func(Entry) bool) ([]Entry, *Follower) {
	s := f.stream
	defer f.record() // deferred first, so it comes after the lock is given back
	s.mu.Lock()
	defer s.mu.Unlock()
	fo := &Follower{Entries: make(chan Entry, backlog), stream: s, left: f.record}
	if s.closed {
		close(fo.Entries)
	} else {
		s.followers[fo] = struct{}{}
	}
	return s.recent(max, keep), fo
}

// counts says how many follow, and how many entries followers have missed.
func (s *stream) counts() (followers int, missed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.followers), s.missed.Load()
}

// Close stops following.
func (f *Follower) Close() {
	defer f.left()
	f.stream.mu.Lock()
	defer f.stream.mu.Unlock()
	if _, ok := f.stream.followers[f]; ok {
		delete(f.stream.followers, f)
		close(f.Entries)
	}
}

// Missed returns how many entries were not delivered since it was last asked,
// because the follower was too slow.
func (f *Follower) Missed() uint64 {
	f.stream.mu.Lock()
	defer f.stream.mu.Unlock()
	n := f.missed
	f.missed = 0
	return n
}
