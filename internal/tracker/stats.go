package tracker

import "github.com/sekisho/sekisho/internal/flow"

// Stats are counts since the tracker was made, but for the first two.
type Stats struct {
	// Known is how many connections are remembered, Open how many of them have
	// not ended.
	Known, Open int
	// Told is rows, Corrected those that were not a connection's first.
	Told, Corrected uint64
	// Folded is connections that were told together with others.
	Folded uint64
	// Evicted is connections whose memory was needed before they ended, Dropped
	// those that had ended: what came of them later was not told.
	Evicted, Dropped uint64
	// Events is those of connections that are forgotten, each in exactly one.
	Events uint64
	// Unmarked is connections whose mark does not keep the bit by which the ACK of
	// the handshake is known.
	Unmarked uint64
	// Others is events of other protocols.
	Others uint64
	// Outcomes counts connections, each once: when it ended, or was forgotten.
	Outcomes map[flow.Outcome]uint64
}

// Stats returns the counts.
func (t *Tracker) Stats() Stats {
	s := t.stats
	s.Known = t.size()
	s.Open = t.classes[opening].n + t.classes[opened].n
	s.Outcomes = make(map[flow.Outcome]uint64, len(t.stats.Outcomes))
	for o, n := range t.stats.Outcomes {
		s.Outcomes[o] = n
	}
	return s
}

// Len is how many connections are remembered.
func (t *Tracker) Len() int { return t.size() }
