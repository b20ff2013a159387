package diagnose

import "github.com/sekisho/sekisho/internal/flow"

// ranks put outcomes in the order of what they explain: a firewall whose
// outcome stands first knows why those whose outcomes follow saw what they saw.
// Proof comes before absence, and both before health.
var ranks = [][]flow.Outcome{
	{flow.Denied},
	{flow.ReplyBypasses, flow.RequestBypasses},
	{flow.DroppedByHost, flow.TableFull},
	{flow.Refused, flow.Unreachable},
	{flow.Cut},
	{flow.Malformed, flow.OutOfWindow},
	{flow.Expired},
	{flow.ResetMidway},
	{flow.StateLost},
	{flow.NoReply, flow.NoFinalACK, flow.Stalled, flow.HalfClosed},
	{flow.ActiveNow, flow.Opening, flow.Completed},
}

// firstAbsence is the rank at which absence begins.
var (
	firstAbsence = rank(flow.NoReply)
)

// rank is the place of an outcome; that of an unknown one, or of none, is
// behind all others.
func rank(o flow.Outcome) int {
	for i, same := range ranks {
		for _, outcome := range same {
			if o == outcome {
				return i
			}
		}
	}
	return len(ranks)
}

// explaining is the station that explains the others; nil where no one has a
// row. Of several that know equally much, it is the one nearest to the client;
// but who refused is known best nearest to the server.
func (q *inquiry) explaining() *station {
	var best *station
	for _, s := range q.stations {
		if s.row == nil {
			continue
		}
		r := rank(s.outcome())
		if best == nil || r < rank(best.outcome()) ||
			r == rank(best.outcome()) && (s.outcome() == flow.Refused || s.outcome() == flow.Unreachable) {
			best = s
		}
	}
	return best
}
