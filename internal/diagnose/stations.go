package diagnose

import "github.com/sekisho/sekisho/internal/flow"

// stations makes one for each firewall that has a row, was asked, or is on the
// way by the topology.
func (q *inquiry) makeStations(attempt *Attempt) {
	byName := map[string]*station{}
	add := func(name string) *station {
		s, ok := byName[name]
		if !ok {
			s = &station{name: name}
			byName[name] = s
			q.stations = append(q.stations, s)
		}
		return s
	}
	for _, name := range q.way.firewalls() {
		add(name)
	}
	for i := range attempt.Rows {
		row := &attempt.Rows[i]
		s := add(row.Firewall)
		s.rows, s.asked = append(s.rows, row), true
	}
	for _, w := range q.c.Watches {
		// A firewall that is neither on the way nor has a row has nothing to say.
		if s, ok := byName[w.Firewall]; ok {
			s.asked = true
			s.doubts = append(s.doubts, watchDoubts(w, q.span(attempt))...)
		}
	}
	for _, s := range q.stations {
		s.settle()
	}
}

// settle picks the row that tells most, and collects its doubts.
func (s *station) settle() {
	for _, row := range s.rows {
		if s.row == nil || rank(row.Verdict.Outcome) < rank(s.row.Verdict.Outcome) ||
			rank(row.Verdict.Outcome) == rank(s.row.Verdict.Outcome) && row.Last.After(s.row.Last) {
			s.row = row
		}
	}
	if s.row == nil {
		return
	}
	for _, d := range s.row.Verdict.Doubts {
		if d == flow.EventsLost || d == flow.NotRecorded || d == flow.CannotSee || d == flow.Forgotten {
			s.doubts = addDoubt(s.doubts, Doubt{Code: d, Firewall: s.name})
		}
	}
}
