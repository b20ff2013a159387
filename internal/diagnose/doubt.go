package diagnose

import (
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// before the first row of an attempt, and after its last one, what is missing
// may have happened as well.
const margin = 5 * time.Second

// recently is how long ago an attempt may have been of which there is no row.
const recently = 5 * time.Minute

// span is when the events of the attempt may have happened. Where there is no
// row, it is the time that was asked for, or the last minutes, or any time.
func (q *inquiry) span(a *Attempt) Span {
	switch {
	case len(a.Rows) > 0:
		return Span{a.First.Add(-margin), a.Last.Add(margin)}
	case !q.c.Asked.At.IsZero():
		return Span{q.c.Asked.At.Add(-margin), q.c.Asked.At.Add(margin)}
	}
	if q.c.Now.IsZero() {
		return Span{}
	}
	return Span{q.c.Now.Add(-recently), q.c.Now}
}

// watchDoubts are why something that is missing at that time at that firewall
// proves nothing.
func watchDoubts(w Watch, when Span) []Doubt {
	var doubts []Doubt
	var lost uint64
	for _, l := range w.Losses {
		if l.meets(when) {
			lost += l.Count
		}
	}
	if lost > 0 {
		doubts = append(doubts, Doubt{Code: flow.EventsLost, Firewall: w.Firewall, Count: lost})
	}
	gone, tampered := rulesGone(w, when)
	if tampered || slices.ContainsFunc(w.Gaps, when.meets) {
		doubts = append(doubts, Doubt{Code: flow.NotRecorded, Firewall: w.Firewall})
	}
	if tampered {
		doubts = append(doubts, gone)
	}
	if w.CannotSee || slices.ContainsFunc(w.Untracked, when.meets) {
		doubts = append(doubts, Doubt{Code: flow.CannotSee, Firewall: w.Firewall})
	}
	return doubts
}

// addDoubt adds a doubt that is not there yet; a count is kept.
func addDoubt(doubts []Doubt, d Doubt) []Doubt {
	for _, known := range doubts {
		if known.Code == d.Code && known.Firewall == d.Firewall {
			return doubts
		}
	}
	return append(doubts, d)
}

// weaker is the less sure of two certainties.
func weaker(a, b flow.Certainty) flow.Certainty {
	order := []flow.Certainty{flow.Unknown, flow.Likely, flow.Certain}
	if slices.Index(order, b) < slices.Index(order, a) {
		return b
	}
	return a
}

// doubt notes a reason, and lowers the verdict's certainty to at most c.
func (q *inquiry) doubt(d Doubt, c flow.Certainty) {
	q.v.Doubts = addDoubt(q.v.Doubts, d)
	q.v.Certainty = weaker(q.v.Certainty, c)
}

// worth is how sure an absence is in spite of a doubt. A source that never shows
// some packets shows others that tell as much.
func worth(d flow.Doubt) flow.Certainty {
	if d == flow.EventsLost || d == flow.NotRecorded || d == RulesGone {
		return flow.Unknown
	}
	return flow.Likely
}

// relyOn lowers the certainty to what the absence of packets at these stations
// is worth.
func (q *inquiry) relyOn(stations ...*station) {
	for _, s := range stations {
		if !s.asked {
			q.doubt(Doubt{Code: NotAsked, Firewall: s.name}, flow.Likely)
		}
		for _, d := range s.doubts {
			q.doubt(d, worth(d.Code))
		}
		if s.row != nil {
			q.believe(s)
		}
	}
}

// believe lowers the certainty to that of the station's own verdict.
func (q *inquiry) believe(s *station) {
	q.v.Certainty = weaker(q.v.Certainty, s.row.Verdict.Certainty)
	for _, d := range s.row.Verdict.Doubts {
		q.v.Doubts = addDoubt(q.v.Doubts, Doubt{Code: d, Firewall: s.name})
	}
}
