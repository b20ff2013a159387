package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
)

// judge makes the verdict from the station that explains the others.
func (q *inquiry) judge(s *station) {
	own := s.row.Verdict
	q.v.Outcome, q.v.StuckAt, q.v.Certainty = own.Outcome, own.StuckAt, own.Certainty
	for _, d := range own.Doubts {
		q.v.Doubts = addDoubt(q.v.Doubts, Doubt{Code: d, Firewall: s.name})
	}
	judges := map[flow.Outcome]func(*station){
		flow.Denied:          q.denied,
		flow.ReplyBypasses:   q.replyBypasses,
		flow.RequestBypasses: q.requestBypasses,
		flow.DroppedByHost:   q.droppedByHost,
		flow.TableFull:       q.tableFull,
		flow.Refused:         q.refused,
		flow.Unreachable:     q.unreachable,
		flow.Cut:             q.cut,
		flow.Malformed:       q.faultyPacket,
		flow.OutOfWindow:     q.faultyPacket,
		flow.Expired:         q.expired,
		flow.ResetMidway:     q.reset,
		flow.StateLost:       q.stateLost,
		flow.NoReply:         q.absence,
		flow.NoFinalACK:      q.absence,
		flow.Stalled:         q.absence,
		flow.HalfClosed:      q.absence,
	}
	if q.undecided(s) {
		q.evidence(s, q.stations...)
		return
	}
	if judge, ok := judges[own.Outcome]; ok {
		judge(s)
	} else {
		q.healthy(s)
	}
	q.evidence(s, q.stations...)
}

// settle sets what is stuck where, and why.
func (q *inquiry) settle(where *Leg, stuckAt flow.Step, cause Cause) {
	q.v.Where, q.v.Cause = where, cause
	q.v.StuckAt = cmp.Or(stuckAt, q.v.StuckAt)
}

// healthy connections have nothing to settle. That an open one is healthy rests
// on there being no trouble at any firewall of its way.
func (q *inquiry) healthy(s *station) {
	q.v.StuckAt = flow.StepNone
	if s.outcome() != flow.ActiveNow {
		return
	}
	for _, o := range q.stations {
		if o.row == nil {
			q.relyOn(o)
		} else {
			q.believe(o)
		}
	}
}

// denied is certain: the firewall itself decided.
func (q *inquiry) denied(s *station) {
	rule := ruleOf(s.row)
	p := q.c.Policies[s.name]
	tuple := s.row.Tuple
	if p != nil && (rule == nil || rule.Policy == "" && rule.Rule == "") {
		// The row does not name the policy: the one in force is asked.
		if d := decide(p, tuple); d.Action == policy.Deny && d.Rule != nil {
			ref := refOf(p, d.Rule)
			rule = &ref
		}
	}
	c := Cause{Code: Rule, Node: s.name, Rule: rule}
	if rule == nil || rule.Rule == "" {
		c.Code = DefaultAction
	}
	if p != nil && c.Code == DefaultAction {
		c.Nearest = nearest(p, tuple)
	}
	q.settle(at(s.name), flow.StepSYN, c)
}

// cut is a connection that a change of the policy ended.
func (q *inquiry) cut(s *station) {
	c := Cause{Code: PolicyChange, Node: s.name, Revision: s.row.Decision.Revision, Rule: ruleOf(s.row)}
	q.settle(at(s.name), cmp.Or(s.row.Verdict.StuckAt, flow.StepData), c)
}

// faultyPacket is about a packet that no TCP should have sent, or not now.
func (q *inquiry) faultyPacket(s *station) {
	c := Cause{Code: MalformedPacket, Packet: packetRef(s.row)}
	if s.row.Verdict.Outcome == flow.OutOfWindow {
		c.Code = WindowExceeded
	}
	d := There
	if p := s.row.Invalid; p != nil {
		d = wayFrom(p.Way)
	}
	c.Side = flow.Client
	if d == Back {
		c.Side = flow.Server
	}
	stuck := cmp.Or(s.row.Verdict.StuckAt, flow.StepData)
	q.settle(leg(q.neighbour(s, d), s.name, d), stuck, c)
}

func packetRef(c *flow.Connection) *PacketRef {
	if c.Invalid == nil {
		return nil
	}
	return &PacketRef{Reason: c.Invalid.Reason, Text: c.Invalid.Text, Flags: c.Invalid.TCPFlags.String()}
}

// established reports whether the row shows that the handshake was done.
func established(c *flow.Connection) bool {
	return c.SYNACKs > 0 && (c.ACKs > 0 || strings.ContainsAny(c.History, "Dd")) || c.FINs != [2]int{}
}

// stationNamed finds a station.
func (q *inquiry) stationNamed(name string) *station {
	i := slices.IndexFunc(q.stations, func(s *station) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return q.stations[i]
}
