package spool

import (
	"errors"
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// retry is how long a generation waits that could not be closed.
const retry = time.Second

// closeEnded closes generations that have ended, one after the other, until the
// spool is closed, and then once more.
func (s *Spool) closeEnded() {
	if s.options.Bind != nil {
		defer s.options.Bind(s.waits)()
	}
	again := time.NewTicker(retry)
	defer again.Stop()
	for last := false; ; {
		for s.closeNext(last) {
		}
		if last {
			return
		}
		select {
		case <-s.stop:
			last = true
		case <-s.work:
		case <-again.C:
		}
	}
}

// waits is for how long a generation waits that has ended: for ever, if somebody waits
// for it.
func (s *Spool) waits(now time.Time) time.Duration {
	if since := s.since.Load(); since != 0 {
		return now.Sub(time.Unix(0, since))
	}
	return 0
}

// closeNext closes the oldest generation if it has ended; more says that there
// may be another one.
func (s *Spool) closeNext(last bool) (more bool) {
	g := s.ended()
	if g == nil {
		return false
	}
	s.again(g)
	names, bytes, err := s.write(g)
	s.mu.Lock()
	s.bytes += bytes
	defer s.mu.Unlock()
	defer s.changed.Broadcast()
	s.note(err)
	if err != nil {
		if last || s.waiting() <= s.options.Held {
			return false
		}
		s.state.named(g.written(names))
		s.giveUp(g, err)
		return true
	}
	s.state.named(names)
	s.state.KeptFrom, s.state.Again = 0, nil
	s.closed(g)
	return true
}

// ended is the oldest generation that is not closed, if it has ended.
func (s *Spool) ended() *generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.state.Closed + 1
	g := s.open[next]
	if g == nil && s.events > next {
		g = newGeneration(next) // nothing came
		g.sealed = true
	}
	if g == nil || !g.sealed || s.options.Ready != nil && !s.options.Ready(next) {
		return nil
	}
	return g
}

// mostIdle writers of a table keep their memory for the next generation: one is
// filled while another is closed.
const mostIdle = 2

// closed notes that a generation has its segments, or never will.
func (s *Spool) closed(g *generation) {
	s.state.Closed = g.number
	s.state.Rows += uint64(g.rows) + g.missing
	s.state.lose(logs.SegmentLoss, g.missing, g.gap)
	s.since.Store(0)
	if s.events > g.number+1 {
		s.since.Store(time.Now().UnixNano())
	}
	delete(s.open, g.number)
	s.blocks = g.blocks[:0]
	for name, t := range g.tables {
		if t.writer.Len() == 0 && len(s.idle[name]) < mostIdle {
			s.idle[name] = append(s.idle[name], t.writer)
		}
	}
	if err := s.state.keep(s.options.State); err != nil {
		s.options.Log.Warn("segments that are closed would be written once more by the next process", "error", err)
	} else {
		s.noted = g.number
	}
	s.kept.forget(s.state.keptSince())
	if err := s.bound(); err != nil {
		s.options.Log.Warn("old segments could not be given up", "error", err)
	}
}

// waiting is how many rows no segment has yet.
func (s *Spool) waiting() (rows int) {
	for _, g := range s.open {
		rows += g.rows + g.kept
	}
	return rows
}

// giveUp loses the rows of events of a generation. The kept ones go to the next
// one, where there are not too many: they tell of the loss.
func (s *Spool) giveUp(g *generation, why error) {
	s.options.Log.Error("rows are given up, because there is no room for more", "rows", g.rows, "error", why)
	at := g.bounds(time.Now())
	events, kept, err := g.unwritten()
	if err != nil {
		s.options.Log.Error("rows that follow from no event are given up with them", "rows", g.kept, "error", err)
		s.state.lose(logs.SegmentLoss, uint64(g.kept), at)
	}
	s.state.lose(logs.SegmentLoss, events, at)
	next := s.at(g.number + 1)
	const most = 10_000
	if len(kept)+next.kept <= most {
		next.keep(s, kept)
		if s.state.KeptFrom == 0 {
			s.state.KeptFrom = g.number
		}
	} else {
		s.state.lose(logs.SegmentLoss, uint64(len(kept)), at)
		s.state.KeptFrom = 0
	}
	g.tables = nil
	s.closed(g)
}

// note says when segments cannot be written, and when they can again.
func (s *Spool) note(err error) {
	switch {
	case err != nil && s.failure == nil:
		s.options.Log.Error("segments cannot be written; packets are decided and recorded all the same, and what there is no room for is counted", "error", err)
	case err == nil && s.failure != nil:
		s.options.Log.Info("segments are written again")
	}
	s.failure = err
	s.tries++
}

// Failure is why segments cannot be written at the moment; nil if they can.
func (s *Spool) Failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

// finishGiving ends what a killed process has begun: it was about to take a
// segment away, and has counted its rows as lost.
func (s *Spool) finishGiving() error {
	if s.state.Giving == "" {
		return nil
	}
	if err := s.remove(s.state.Giving); err != nil && !errors.Is(err, errTaken) {
		return fmt.Errorf("give up a segment: %w", err)
	}
	s.state.Giving = ""
	return s.state.keep(s.options.State)
}
