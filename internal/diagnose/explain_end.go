package diagnose

import (
	"slices"

	"github.com/sekisho/sekisho/internal/topology"
)

// endCodes are the causes of paths that end before their destination.
var endCodes = map[topology.PathEnd]Code{
	topology.NoSource:       NoInterface,
	topology.NoInterface:    NoInterface,
	topology.NoNextHop:      NoNextHop,
	topology.NotForwarding:  NotForwarding,
	topology.RouteNone:      RouteNone,
	topology.PeeringBlocked: PeeringBlocked,
	topology.SecurityDenied: SecurityRule,
	topology.Looping:        RoutingLoop,
}

// endOfPath is the cause of a path that ends behind hop i, before to.
func (q *inquiry) endOfPath(p topology.Path, i int, to string, d Direction) (Cause, *Leg, bool) {
	code, ok := endCodes[p.End]
	if !ok {
		return Cause{}, nil, false
	}
	if p.End == topology.Looping {
		return loopCause(p)
	}
	last := len(p.Hops) - 1
	at := last // the hop that chose the last route
	if p.End == topology.NotForwarding && p.Hops[at].Route.State == "" && at > 0 {
		at--
	}
	c := causeAt(code, &p.Hops[at])
	switch p.End {
	case topology.NoSource, topology.NoInterface, topology.NoNextHop:
		c.Address = p.Missing
		if code == NoInterface && q.talk.translated.IsValid() {
			c.Translated = q.talk.translated.Dest
		}
	case topology.NotForwarding:
		c.Address = p.Hops[last].Address
	case topology.PeeringBlocked:
		c.Peering = &PeeringRef{Network: p.Network, Name: p.Peering, Remote: p.Hops[at].Network}
	case topology.SecurityDenied:
		c.Security = securityRef(p.Denied, &p.Hops[last])
	}
	from := sender(d)
	for k := 0; k <= at; k++ {
		if name := place(p, k, d); name != "" && name != receiver(d) {
			from = name
		}
	}
	if !slices.Contains([]topology.PathEnd{topology.SecurityDenied, topology.NoInterface}, p.End) {
		to = q.expectedAfter(from, d)
	}
	return c, leg(from, to, d), true
}

func securityRef(denied *topology.SecurityDecision, h *topology.Hop) *SecurityRef {
	if denied == nil {
		return nil
	}
	s := &SecurityRef{Group: denied.Group, Rule: denied.Rule, Priority: denied.Priority, Direction: denied.Direction,
		At: "subnet", Network: h.Network, Subnet: h.Subnet, Default: denied.Default}
	if denied.At == h.Node {
		s.At = "networkInterface"
	}
	return s
}

// loopCause names the routes of the loop, and the two firewalls between which
// it goes.
func loopCause(p topology.Path) (Cause, *Leg, bool) {
	c := Cause{Code: RoutingLoop}
	var firewalls []string
	for _, h := range p.Loop {
		c.Loop = append(c.Loop, RouteAt{Node: h.Node, Network: h.Network, Subnet: h.Subnet, Route: h.Route})
		if h.Kind == topology.FirewallNode {
			firewalls = append(firewalls, h.Node)
		}
	}
	if len(firewalls) == 0 {
		return c, nil, true
	}
	return c, leg(firewalls[0], firewalls[len(firewalls)-1], Either), true
}
