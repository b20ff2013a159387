package diagnose

import (
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// rulesGone is the doubt about a time in which a firewall's rules were gone: several
// such times are taken together.
func rulesGone(w Watch, when Span) (d Doubt, any bool) {
	d = Doubt{Code: RulesGone, Firewall: w.Firewall}
	for _, t := range w.Tampered {
		if !t.meets(when) {
			continue
		}
		if !any || !d.From.IsZero() && t.From.Before(d.From) {
			d.From = t.From
		}
		if !any || !d.To.IsZero() && (t.To.IsZero() || t.To.After(d.To)) {
			d.To = t.To
		}
		d.Count++
		any = true
	}
	return d, any
}

// undecided settles a verdict that rests on packets which conntrack may not have
// looked at: it looks where rules ask for it, and they were gone. Then nothing is
// known but that: not that the request or the reply takes another way either.
func (q *inquiry) undecided(s *station) bool {
	own := s.row.Verdict
	doubted := own.Certainty == flow.Unknown && slices.Contains(own.Doubts, flow.NotRecorded)
	if !unlookedAt(s.row) || !doubted && !s.tampered() {
		return false
	}
	q.relyOn(s)
	q.v.Outcome, q.v.Certainty = flow.StateLost, flow.Unknown
	q.settle(at(s.name), own.StuckAt, Cause{Code: NotRecorded, Node: s.name})
	return true
}

func (s *station) tampered() bool {
	return slices.ContainsFunc(s.doubts, func(d Doubt) bool { return d.Code == RulesGone })
}

// undecidedAt reports whether packets passed undecided at a moment.
func (s *station) undecidedAt(at time.Time) bool {
	return slices.ContainsFunc(s.doubts, func(d Doubt) bool {
		return d.Code == RulesGone && !d.From.After(at) && (d.To.IsZero() || !d.To.Before(at))
	})
}

// unlookedAt reports whether a row's verdict rests on INVALID packets of which the
// kernel has said nothing.
func unlookedAt(c *flow.Connection) bool {
	switch c.Verdict.Outcome {
	case flow.RequestBypasses, flow.ReplyBypasses, flow.StateLost, flow.Expired:
		return c.Invalid != nil && c.Invalid.Text == ""
	}
	return false
}

// Begin and End are the moments of a doubt, as the text of a verdict has them; empty
// where they are not known.
func (d Doubt) Begin() string { return clock(d.From) }

// End is the other one.
func (d Doubt) End() string { return clock(d.To) }

func clock(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04:05.000 UTC")
}
