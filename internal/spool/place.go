package spool

import (
	"time"
)

// Place is where the rows of a batch of events go. It is in the journal with
// the batch.
type Place struct {
	// Generation is theirs. 0 is none: there was no spool.
	Generation uint64 `json:"generation,omitempty"`
	// Rows were added before, in all generations.
	Rows uint64 `json:"rows,omitempty"`
	// Kept is where the file of the kept rows of a generation ended.
	Kept   int64  `json:"kept,omitempty"`
	KeptIn uint64 `json:"keptIn,omitempty"`
}

// Next is the place of the next batch: in a new generation if it is time, or if
// it must be one.
func (s *Spool) Next(now time.Time, another bool) Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := Place{Generation: s.events, Rows: s.total, Kept: s.kept.size, KeptIn: s.kept.generation}
	switch {
	case s.kept.generation > s.events:
		p.Generation = s.kept.generation
	case another || s.due(now):
		p.Generation, s.wanted = s.events+1, false
	}
	return p
}

// Due reports whether it is time to close a generation.
func (s *Spool) Due(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due(now)
}

func (s *Spool) due(now time.Time) bool {
	if s.kept.generation > s.events {
		return true // a process that was killed had begun it
	}
	g := s.open[s.events]
	if g == nil || g.empty() {
		return false
	}
	if behind := s.events > s.state.Closed+2; behind && !s.wanted && g.rows < most {
		return false // the disk is slow: fewer and larger segments
	}
	return s.wanted || g.rows >= most || now.Sub(g.since) >= s.options.Every
}

// Reach goes to the place of a batch whose rows come next. It reports whether
// they are wanted: those of a generation that an earlier process has closed are
// not.
func (s *Spool) Reach(p Place) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Generation <= s.state.Closed {
		return false
	}
	for s.events < p.Generation {
		s.seal()
	}
	if p.Rows > s.total { // the journal does not reach back far enough
		s.options.Log.Warn("some rows are lost that no segment had yet: the journal does not reach back to them", "rows", p.Rows-s.total)
		s.at(s.events).miss(p.Rows-s.total, bounds{To: time.Now()}) // since when, nobody knows
		s.total = p.Rows
		s.beginSeries()
	}
	return true
}

// beginSeries goes on with names of another series. Segments that a killed
// process had written and not noted may have been taken away, with rows that are
// not known any more: others must not have their names. Those rows that are
// known are in two segments then.
func (s *Spool) beginSeries() {
	err := s.state.beginSeries()
	if err == nil {
		err = s.state.keep(s.options.State)
	}
	if err != nil {
		s.options.Log.Error("segments may get names that others had", "error", err)
	}
}

// Closed is the newest generation of which another process would know that it is
// closed, as are all before it.
func (s *Spool) Closed() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.noted
}

// seal ends the generation of events. That there is a file for the kept rows of
// the next one says so to a process that comes after this one.
func (s *Spool) seal() {
	s.at(s.events).sealed = true
	s.since.CompareAndSwap(0, time.Now().UnixNano())
	s.events++
	if s.kept.generation < s.events {
		if err := s.kept.begin(s.events); err != nil {
			s.options.Log.Warn("some rows would be lost if this process were killed", "error", err)
		}
	}
	select {
	case s.work <- struct{}{}:
	default:
	}
}
