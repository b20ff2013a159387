package diagnose

import (
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/topology"
)

// notSeen is the answer where no firewall has a row. It is never certain:
// perhaps nobody has tried.
func (q *inquiry) notSeen() {
	q.v.Outcome, q.v.Certainty = flow.NotSeen, flow.Unknown
	if !q.way.known {
		q.v.Doubts = addDoubt(q.v.Doubts, Doubt{Code: NoTopology})
		q.settle(leg(AtClient, AtServer, There), flow.StepSYN, Cause{Code: ClientSilent, Node: AtClient})
		q.listAsked()
		return
	}
	first := q.firstStation()
	to := first
	if to == "" {
		to = q.expected()
	}
	c, where, ok := q.explain(AtClient, to, There)
	switch {
	case ok:
		where.To = to
		q.settle(where, flow.StepSYN, c)
		q.explained = true
		q.v.Certainty = flow.Likely
	case first == "":
		q.direct()
	default:
		q.settle(leg(AtClient, first, There), flow.StepSYN, Cause{Code: ClientSilent, Node: q.nameOf(AtClient)})
	}
	for _, s := range q.stations {
		if s.onTheWay == "both" || s.onTheWay == "there" {
			q.relyOn(s)
		}
	}
	if !ok && first != "" && q.doubtful() != "" {
		q.v.Cause = Cause{Code: NotRecorded, Node: q.doubtful()}
	}
}

// direct is a way that passes no firewall: that none has a row is right.
func (q *inquiry) direct() {
	p := q.way.there
	if q.way.sound() {
		q.v.Cause = Cause{Code: NoFirewall}
		if len(p.Hops) > 0 {
			q.v.Cause = causeAt(NoFirewall, &p.Hops[0])
		}
		q.v.Certainty = flow.Likely
		return
	}
	if c, where, ok := q.explain(AtServer, AtClient, Back); ok {
		q.settle(where, flow.StepSYNACK, c)
		q.explained = true
		return
	}
	q.settle(leg(AtClient, AtServer, There), flow.StepSYN, Cause{Code: ClientSilent, Node: q.nameOf(AtClient)})
}

// firstStation is the first firewall on the way there; empty where there is
// none.
func (q *inquiry) firstStation() string {
	if names := firewallsOf(q.way.there); len(names) > 0 {
		return names[0]
	}
	return ""
}

// expected is the firewall that a way which ends before any firewall was meant
// to pass: the one of the way back, else one in the network of the next hop that
// nobody has, else none, and the packet was meant for the server.
func (q *inquiry) expected() string {
	to := q.expectedAfter(AtClient, There)
	p := q.way.there
	if to != AtServer || p.End != topology.NoNextHop && p.End != topology.NotForwarding {
		return to
	}
	for _, nic := range q.c.Topology.Interfaces() {
		if nic.Firewall && q.sameNetwork(nic, p) {
			return nic.Owner
		}
	}
	return AtServer
}

// sameNetwork reports whether the next hop that a path ends with is meant to be
// in the interface's network.
func (q *inquiry) sameNetwork(nic topology.NetworkInterface, p topology.Path) bool {
	hop := p.Missing
	if p.End == topology.NotForwarding {
		hop = p.Hops[len(p.Hops)-1].Address
	}
	for _, n := range q.c.Topology.VirtualNetworks {
		if n.Name == nic.Network && inSpace(n.AddressSpace, hop) {
			return true
		}
	}
	return false
}

// listAsked shows the firewalls that were asked and have no row.
func (q *inquiry) listAsked() {
	for _, w := range q.c.Watches {
		if q.stationNamed(w.Firewall) == nil {
			s := &station{name: w.Firewall, asked: true, doubts: watchDoubts(w, q.span(q.attempt))}
			q.stations = append(q.stations, s)
			q.relyOn(s)
		}
	}
	q.sortStations()
}
