package diagnose

import (
	"cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

// halfClosed is one FIN and silence: who never closed is at fault, if anybody.
func (q *inquiry) halfClosed(s *station) {
	side := s.row.Verdict.By
	if side == flow.NoSide {
		side = flow.Server
		if s.row.FINs[flow.FromServer] > 0 {
			side = flow.Client
		}
	}
	place := sender(sideDirection(side))
	q.settle(at(place), flow.StepFIN, Cause{Code: NeverClosed, Node: q.nameOf(place), Side: side})
}

// data is a handshake that was done, and then something that is sent again and
// again: the SYN-ACK, if the server does not take the ACK, or a segment.
func (q *inquiry) data(s *station) {
	if s.row.Retransmits == [2]int{} && s.row.SYNACKs > 1 {
		q.settle(at(AtServer), flow.StepData, Cause{Code: AcceptQueue, Node: q.nameOf(AtServer), Side: flow.Server})
		q.doubt(Doubt{Code: OtherCauses}, flow.Likely)
		return
	}
	d := There
	if s.row.Retransmits[flow.FromServer] > s.row.Retransmits[flow.FromClient] {
		d = Back
	}
	t := q.follow(d, func(o *station) presence { return o.repeats(wayIndex(d)) })
	if !t.shown {
		t.from = s.name
	}
	c := Cause{Code: SegmentTooBig, Side: sideOf(d),
		Packet: &PacketRef{Size: s.row.RetransmitSize, MSS: s.row.MSS[wayIndex(opposite(d))]}}
	c.Node = t.from
	if ok := s.row.RetransmitSize >= smallestTooBig; !ok {
		c.Code, c.Packet = LostOnLeg, nil
	}
	where := leg(t.from, t.to, d)
	if cause, explained, ok := q.explain(t.from, t.to, d); ok {
		c, where = cause, explained
		q.explained = true
	}
	q.settle(where, cmp.Or(s.row.Verdict.StuckAt, flow.StepData), c)
}

// smallestTooBig is the payload of the smallest segment that an MTU can be too
// small for: every IPv4 link takes packets of 576 bytes, 40 of them headers
// (RFC 791, RFC 879).
const smallestTooBig = 536

func opposite(d Direction) Direction {
	if d == Back {
		return There
	}
	return Back
}

// repeats tells whether a side's repeated segments pass here.
func (s *station) repeats(side flow.Way) presence {
	switch {
	case s.row == nil:
		return unclear
	case s.row.Retransmits[side] > 0:
		return passed
	}
	return s.missing()
}
