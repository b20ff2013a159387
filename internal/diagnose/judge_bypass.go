package diagnose

import (
	"slices"

	"github.com/sekisho/sekisho/internal/flow"
)

// replyBypasses rests on a packet that acknowledges what never passed here.
func (q *inquiry) replyBypasses(s *station) {
	misses := []string{s.name}
	for _, o := range q.stations {
		if o != s && o.syn() == passed && o.synack() == absent {
			misses = append(misses, o.name)
		}
	}
	stuck := flow.StepSYNACK
	var since *flow.InvalidPacket
	if s.row.SYNACKs > 0 {
		stuck, since = flow.StepData, s.row.Invalid
	}
	c, where, ok := q.diverted(Back, misses)
	if !ok {
		to := AtClient
		for _, o := range q.stations {
			if o.synack() == passed && o != s {
				to = o.name // the last one is nearest to the server
			}
		}
		c, where = Cause{Code: ReplyElsewhere, Node: s.name, Misses: misses}, leg(AtServer, to, Back)
	}
	if since != nil {
		c.Since = since.Time
	}
	q.settle(where, stuck, c)
	q.agree(ok)
}

// requestBypasses rests on an answer whose question never passed here.
func (q *inquiry) requestBypasses(s *station) {
	var asked *station
	for _, o := range q.stations {
		if o != s && o.syn() == passed && o.synack() != passed {
			asked = o
			break
		}
	}
	// By the topology the reply may come to that one as well, behind this one.
	if asked != nil && !slices.Contains(firewallsOf(q.way.back), asked.name) {
		q.split(s, asked)
		return
	}
	c, where, ok := q.diverted(There, []string{s.name})
	if !ok {
		c, where = Cause{Code: RequestElsewhere, Node: s.name, Misses: []string{s.name}}, leg(AtClient, AtServer, There)
	}
	stuck := flow.StepSYN
	if s.row.SYNs > 0 && s.row.Invalid != nil {
		stuck, c.Since = flow.StepData, s.row.Invalid.Time
	}
	q.settle(where, stuck, c)
	q.agree(ok)
}

// split is a request that passed one firewall and a reply that came to another
// one, which does not know it.
func (q *inquiry) split(got, asked *station) {
	c, _, ok := q.diverted(Back, []string{asked.name})
	if !ok || q.beside(got.name, asked.name) {
		c.Code, c.Node, c.Misses = SplitState, got.name, []string{asked.name}
	}
	q.settle(leg(AtServer, got.name, Back), flow.StepSYNACK, c)
	q.agree(ok)
}

// beside reports whether two firewalls are in the same subnet, as the instances
// of one are.
func (q *inquiry) beside(a, b string) bool {
	if q.c.Topology == nil {
		return false
	}
	one, ok := q.c.Topology.Interface(a)
	other, too := q.c.Topology.Interface(b)
	return ok && too && one.Network == other.Network && one.Subnet == other.Subnet
}

// agree notes whether the topology says what the packets prove. It takes
// nothing from the certainty: a packet that was seen was seen.
func (q *inquiry) agree(explained bool) {
	q.explained = explained
	if !explained {
		q.v.Doubts = addDoubt(q.v.Doubts, Doubt{Code: q.otherwise()})
	}
}

// otherwise is why the topology does not explain: it is not known, or says
// otherwise.
func (q *inquiry) otherwise() flow.Doubt {
	if q.way.known {
		return PredictionDiffers
	}
	return NoTopology
}
