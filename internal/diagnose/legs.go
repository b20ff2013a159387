package diagnose

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// legTimes measures the round trip of each leg whose both ends tell: between
// the client and the first firewall from SYN-ACK to ACK, beyond the last one
// from SYN to SYN-ACK, and between two firewalls the difference of two
// differences. A repeated packet makes a time meaningless, since it is not known
// which one was answered.
func (q *inquiry) legTimes() []LegTime {
	var timed []*station
	for _, s := range q.stations {
		if s.row != nil && s.row.SYNs == 1 && s.row.SYNACKs == 1 && !s.row.SYN.IsZero() && !s.row.SYNACK.Before(s.row.SYN) {
			timed = append(timed, s)
		}
	}
	if len(timed) == 0 {
		return nil
	}
	var legs []LegTime
	if first := timed[0]; first.row.ACKs == 1 && !first.row.ACK.Before(first.row.SYNACK) {
		legs = append(legs, LegTime{AtClient, first.name, milliseconds(first.row.ACK.Sub(first.row.SYNACK)), flow.StepSYNACK})
	}
	for i, s := range timed {
		if i+1 == len(timed) {
			legs = append(legs, LegTime{s.name, AtServer, milliseconds(answerTime(s)), flow.StepSYN})
			break
		}
		// Where it is less than nothing, the clocks are too coarse to tell.
		if d := answerTime(s) - answerTime(timed[i+1]); d >= 0 {
			legs = append(legs, LegTime{s.name, timed[i+1].name, milliseconds(d), flow.StepSYN})
		}
	}
	return legs
}

// answerTime is from SYN to SYN-ACK at one firewall, by its own clock.
func answerTime(s *station) time.Duration { return s.row.SYNACK.Sub(s.row.SYN) }
