package diagnose

import "github.com/sekisho/sekisho/internal/flow"

// absence is a verdict that rests on what did not come. The place follows from
// how far each packet of the handshake got, the cause from what the topology
// has there.
func (q *inquiry) absence(s *station) {
	syn, synack, ack := q.follow(There, (*station).syn), q.follow(Back, (*station).synack), q.follow(There, (*station).ack)
	outcome := s.outcome()
	switch {
	case outcome == flow.Stalled && s.row.ACKs == 0 && s.row.SYNACKs == 0:
		q.data(s) // its handshake was before the rows, or not told
	case syn.lost && !q.seenBeyond(syn.next):
		q.lost(s, syn, flow.StepSYN, There)
	case !synack.shown:
		q.beyond(s, syn)
	case synack.lost:
		q.lost(s, synack, flow.StepSYNACK, Back)
	case !ack.shown:
		q.noACK(s)
	case ack.lost:
		q.lost(s, ack, flow.StepACK, There)
	case outcome == flow.HalfClosed:
		q.halfClosed(s)
	default:
		q.data(s)
	}
	q.relyOn(s)
	q.unsure()
}

// seenBeyond reports whether a station that missed the SYN, or one behind it,
// has the connection all the same.
func (q *inquiry) seenBeyond(missed *station) bool {
	found := false
	for _, s := range q.stations {
		found = found || s == missed
		if found && s.row != nil && s.row.SYNACKs > 0 {
			return true
		}
	}
	return false
}

// lost is a packet that left one station and did not come to the next one.
func (q *inquiry) lost(s *station, t travel, step flow.Step, d Direction) {
	q.relyOn(append(t.unclear, t.next)...)
	c, where, ok := q.explain(t.from, t.to, d)
	if !ok {
		c, where = Cause{Code: LostOnLeg, Node: q.nameOf(t.from)}, leg(t.from, t.to, d)
	}
	q.settle(where, step, c)
	q.support(ok)
}

// beyond is a request that passed all stations and was not answered.
func (q *inquiry) beyond(s *station, syn travel) {
	q.relyOn(syn.unclear...)
	if c, where, ok := q.loop(); ok {
		q.settle(where, flow.StepSYN, c)
		q.support(true)
		return
	}
	c, where, ok := q.explain(syn.from, AtServer, There)
	step := flow.StepSYN
	if !ok && syn.last != nil {
		c, where, ok = q.explain(AtServer, syn.from, Back)
		step = flow.StepSYNACK
	}
	if !ok {
		c, where = Cause{Code: ServerSilent, Node: q.nameOf(AtServer)}, leg(syn.from, AtServer, Either)
		if q.talk.translated.IsValid() {
			c.Code = BackendSilent
		}
	}
	if q.talk.translated.IsValid() {
		c.Translated, c.Translation = q.talk.translated.Dest, q.translationRule()
	}
	if missed := q.stationNamed(where.To); missed != nil {
		q.relyOn(missed)
	}
	q.settle(where, step, c)
	q.support(ok)
}

// translationRule names what translates, where that is known.
func (q *inquiry) translationRule() string {
	for _, t := range q.c.Translations {
		if t.Firewall == q.talk.translator && t.Translated == q.talk.translated {
			return t.Rule
		}
	}
	return ""
}

// noACK is an answer that passed all stations and was never acknowledged. If
// the client repeats its SYN, it is alive and has not got the answer.
func (q *inquiry) noACK(s *station) {
	first := q.stations[0]
	if s.row.Verdict.By == flow.Client || s.row.SYNs <= 1 {
		q.settle(at(AtClient), flow.StepACK, Cause{Code: ClientGone, Node: q.nameOf(AtClient), Side: flow.Client})
		return
	}
	c, where, ok := q.explain(first.name, AtClient, Back)
	if !ok {
		c, where = Cause{Code: LostOnLeg, Node: first.name}, leg(first.name, AtClient, Back)
	}
	q.settle(where, flow.StepSYNACK, c)
	q.support(ok)
}
