package spool

import (
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// Loss is rows that no segment will ever have.
type Loss struct {
	// Rows are so many since there is this spool.
	Rows uint64
	// From and To bound the times of the rows among them that were not told yet, or
	// of more; From is zero where nobody knows, and both where all are told.
	From, To time.Time
}

// bounds are times of rows. That From is zero means that nobody knows it.
type bounds struct {
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to"`
}

// with are the bounds of both.
func (b bounds) with(o bounds) bounds {
	if o.From.Before(b.From) {
		b.From = o.From
	}
	if o.To.After(b.To) {
		b.To = o.To
	}
	return b
}

// lose counts rows that are lost, of those times.
func (s *state) lose(place logs.LossPlace, rows uint64, at bounds) {
	if rows == 0 {
		return
	}
	s.Lost[place] += rows
	if before, there := s.Untold[place]; there {
		at = at.with(before)
	}
	s.Untold[place] = at
}

// Losses are the rows that no segment will ever have, by place.
func (s *Spool) Losses() map[logs.LossPlace]Loss {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[logs.LossPlace]Loss{}
	for place, n := range s.state.Lost {
		at := s.state.Untold[place]
		out[place] = Loss{n, at.From, at.To}
	}
	return out
}

// Told says that so many of the rows of a place are told to be lost. A process that
// is killed before that is on the disk is followed by one whose bounds are wider.
func (s *Spool) Told(place logs.LossPlace, rows uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Lost[place] == rows {
		delete(s.state.Untold, place)
	}
}

// boundsOf are the times of rows.
func boundsOf(rows []logs.Row) bounds {
	b := bounds{From: time.Now()}
	for _, r := range rows {
		at := r.Time()
		b = b.with(bounds{at, at})
	}
	return b
}

// miss counts rows that are lost with the generation.
func (g *generation) miss(rows uint64, at bounds) {
	if g.missing > 0 {
		at = at.with(g.gap)
	}
	g.missing, g.gap = g.missing+rows, at
}

// bounds are the times of the rows that no segment has.
func (g *generation) bounds(now time.Time) bounds {
	b := bounds{From: now}
	if g.missing > 0 {
		b = b.with(g.gap)
	}
	for _, t := range g.tables {
		if t.writer.Len() > 0 {
			from, to := t.writer.Span()
			b = b.with(bounds{from, to})
		}
	}
	return b
}
