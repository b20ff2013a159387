package tracker

import "github.com/sekisho/sekisho/internal/flow"

// share returns the one copy of a decision. Policies have some thousand rules;
// when old ones pile up, connections keep theirs and the copies start anew.
func (t *Tracker) share(d flow.Decision) *flow.Decision {
	if t.latest != nil && *t.latest == d {
		return t.latest // most often
	}
	t.latest = t.shared(d)
	return t.latest
}

func (t *Tracker) shared(d flow.Decision) *flow.Decision {
	if known, ok := t.decisions[d]; ok {
		return known
	}
	if len(t.decisions) >= maxDecisions {
		clear(t.decisions)
	}
	t.decisions[d] = &d
	return &d
}

const maxDecisions = 1 << 16
