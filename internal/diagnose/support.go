package diagnose

import "github.com/sekisho/sekisho/internal/flow"

// support notes whether the topology explains what is missing. Where it says
// that all is well, the packets are right; but why is only likely then.
func (q *inquiry) support(explained bool) {
	q.explained = q.explained || explained
	if explained {
		return
	}
	q.doubt(Doubt{Code: q.otherwise()}, flow.Likely)
}

// unsure gives up the cause where nothing but lost events speak for it: what is
// missing may have been there.
func (q *inquiry) unsure() {
	if q.v.Certainty == flow.Unknown && !q.explained {
		q.v.Cause = Cause{Code: NotRecorded, Node: q.doubtful()}
	}
}

// doubtful is the first firewall whose events were lost or not recorded.
func (q *inquiry) doubtful() string {
	for _, d := range q.v.Doubts {
		if d.Firewall != "" && (d.Code == flow.EventsLost || d.Code == flow.NotRecorded || d.Code == flow.CannotSee) {
			return d.Firewall
		}
	}
	return ""
}
