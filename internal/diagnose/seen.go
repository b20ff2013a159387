package diagnose

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// The names of packets that are no flags of the flow trace.
const (
	dataPacket = "data"
	dropPacket = "DROP"
)

// seen lists what each station saw.
func (q *inquiry) seen() []Seen {
	list := []Seen{}
	for _, s := range q.stations {
		seen := Seen{Firewall: s.name, OnTheWay: s.onTheWay, Asked: s.asked}
		if c := s.row; c != nil {
			verdict := c.Verdict
			seen.Verdict, seen.History, seen.Rule = &verdict, c.History, ruleOf(c)
			seen.Steps = steps(c)
			s.pass(seen.Steps)
		}
		list = append(list, seen)
	}
	return list
}

// pass notes of INVALID packets that the rules which drop them were gone.
func (s *station) pass(steps []Step) {
	for i := range steps {
		if steps[i].Packet == flow.INVALID.String() && unlookedAt(s.row) && s.undecidedAt(steps[i].Time) {
			steps[i].Passed = true
		}
	}
}

// ruleOf names the rule that decided; nil where nobody was asked.
func ruleOf(c *flow.Connection) *RuleRef {
	d := c.Decision
	if d.Action == flow.ActionNone {
		return nil
	}
	return &RuleRef{Policy: d.Policy, Revision: d.Revision, Group: d.Group, Collection: d.Collection, Rule: d.Rule}
}

// steps lists the packets of a row, in the order of time.
func steps(c *flow.Connection) []Step {
	denied := c.Verdict.Outcome == flow.Denied
	list := []Step{
		{Packet: flow.SYN.String(), Way: There, Count: c.SYNs, Time: c.SYN, Passed: !denied},
		{Packet: flow.SYNACK.String(), Way: Back, Count: c.SYNACKs, Time: c.SYNACK, Passed: true},
		{Packet: flow.ACK.String(), Way: There, Count: c.ACKs, Time: c.ACK, Passed: true},
	}
	for side, n := range c.Retransmits {
		list = append(list, Step{Packet: dataPacket, Way: wayFrom(flow.Way(side)), Count: n, Time: c.Last, Passed: true})
	}
	list = append(list, closing(c)...)
	if p := c.Invalid; p != nil {
		list = append(list, Step{Packet: flow.INVALID.String(), Flags: p.TCPFlags.String(), Way: wayFrom(p.Way), Count: max(c.Invalids, 1), Time: p.Time})
	}
	if c.Denials > 0 && !denied {
		list = append(list, Step{Packet: flow.DENIED.String(), Way: There, Count: c.Denials, Time: c.Last})
	}
	if p := c.ICMP; p != nil {
		list = append(list, Step{Packet: flow.ICMPERROR.String(), Way: Back, Count: max(c.ICMPErrors, 1), Time: p.Time, Passed: true})
	}
	if d := c.Drop; d != nil {
		list = append(list, Step{Packet: dropPacket, Way: wayFrom(wayOf(c, d.Tuple)), Count: max(int(d.Count), 1), Time: d.Time})
	}
	return inOrder(list, c.First)
}

// closing are FINs and RSTs. Of two FINs the history tells whose was first.
func closing(c *flow.Connection) []Step {
	first := flow.FromClient
	client, server := strings.Index(c.History, "F"), strings.Index(c.History, "f")
	if c.FINs[flow.FromClient] == 0 || server >= 0 && (client < 0 || server < client) {
		first = flow.FromServer
	}
	reset := flow.FromClient
	if c.RSTs[flow.FromClient] == 0 {
		reset = flow.FromServer
	}
	return []Step{
		{Packet: flow.FIN.String(), Way: wayFrom(first), Count: c.FINs[first], Time: c.FIN, Passed: true},
		{Packet: flow.FINACK.String(), Way: wayFrom(1 - first), Count: c.FINs[1-first], Time: c.FINACK, Passed: true},
		{Packet: flow.RST.String(), Way: wayFrom(reset), Count: c.RSTs[reset], Time: c.RST, Passed: true},
	}
}

func wayFrom(side flow.Way) Direction {
	if side == flow.FromServer {
		return Back
	}
	return There
}

// inOrder leaves out what did not happen, and sorts by time. Steps without a
// time keep their place.
func inOrder(list []Step, first time.Time) []Step {
	list = slices.DeleteFunc(list, func(s Step) bool { return s.Count == 0 })
	slices.SortStableFunc(list, func(a, b Step) int {
		if a.Time.IsZero() || b.Time.IsZero() {
			return 0
		}
		return a.Time.Compare(b.Time)
	})
	for i := range list {
		if !list[i].Time.IsZero() && !first.IsZero() {
			offset := milliseconds(list[i].Time.Sub(first))
			list[i].Offset = &offset
		}
	}
	return list
}

// milliseconds is a duration as a number with microseconds behind the point.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// seconds is a duration as a number with milliseconds behind the point.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// evidence lists the packets of the stations' rows that carry the verdict: those
// of the explaining station first.
func (q *inquiry) evidence(first *station, others ...*station) {
	for _, s := range append([]*station{first}, others...) {
		if s == nil || s.row == nil || slices.ContainsFunc(q.v.Evidence, func(e Evidence) bool { return e.Firewall == s.name }) {
			continue
		}
		for _, step := range steps(s.row) {
			q.v.Evidence = append(q.v.Evidence, Evidence{
				Firewall: s.name, Row: rowRef(s.row), Packet: step.Packet, Flags: step.Flags, Way: step.Way,
				Time: step.Time, Count: step.Count, Text: wordsOf(s.row, step.Packet),
			})
		}
	}
}

func rowRef(c *flow.Connection) RowRef {
	return RowRef{ConnectionID: c.ID, Source: c.Tuple.Source.String(), Destination: c.Tuple.Dest.String(), First: c.First, Update: c.Update}
}

// wordsOf is what the kernel or the packet said.
func wordsOf(c *flow.Connection, packet string) string {
	switch {
	case packet == flow.INVALID.String() && c.Invalid != nil:
		return cmp.Or(c.Invalid.Text, string(c.Invalid.Reason))
	case packet == flow.ICMPERROR.String() && c.ICMP != nil:
		return c.ICMP.Text
	case packet == dropPacket && c.Drop != nil:
		return strings.TrimSpace(c.Drop.Reason + " " + c.Drop.Hook)
	}
	return ""
}
