package topology

import (
	"net/netip"
	"slices"
	"strings"
)

// cause is what issues with one reason have in common.
type cause struct {
	code  FindingCode
	at    string // a network and table, a machine, the half of a peering, or a network
	route string // or the rule of a security group, or another network
}

// causeOf says what is to blame. A system route to None is the same cause in
// every subnet that its own packets are lost in: there is no way between the
// networks. At a firewall it is one of its own: there a route is missing.
func (i *inspection) causeOf(found *issue, number int) cause {
	c := cause{code: found.code}
	t := found.trail
	if found.code == PeeringIncomplete {
		here, there := i.resolver.unfinished(t, i.target(found, number))
		c.at, c.route = min(here.name, there.name), max(here.name, there.name)
		return c
	}
	if t.end == PeeringBlocked {
		c.at = t.network + "/" + t.peering
		return c
	}
	if t.denied != nil {
		c.at, c.route = t.denied.At, t.denied.Group+"/"+t.denied.Rule+"/"+string(t.denied.Direction)
		return c
	}
	if t.end == Looping {
		c.route = circleKey(t)
		return c
	}
	s := found.blamed()
	if p := s.node.place; p != nil {
		c.at = p.network.name + " " + p.table // where routes are the same
	}
	if s.route != nil {
		c.route = s.route.String()
		if s.node == t.steps[0].node && s.route.NextHopType == None && s.route.Source == SourceDefault {
			c.at = ""
		}
	}
	if t.end == NotForwarding {
		c.at, c.route = t.last().node.name, ""
	}
	return c
}

// circleKey is the same wherever the circle is entered.
func circleKey(t trail) string {
	var parts []string
	for _, s := range t.steps[t.loop : len(t.steps)-1] {
		if s.route != nil { // a gateway may hand on without one
			parts = append(parts, s.node.name+" "+s.route.String())
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// target is where the packets of an issue go.
func (i *inspection) target(found *issue, number int) netip.Addr {
	if found.reversed {
		return i.endpoints[i.pairs[number].a].Address
	}
	return i.endpoints[i.pairs[number].b].Address
}

// blamed is the step at which it goes wrong.
func (f *issue) blamed() step {
	t := f.trail
	switch {
	case f.code == Asymmetric:
		return t.steps[f.at]
	case t.end == Looping:
		return t.steps[t.loop]
	case t.end == NotForwarding && len(t.steps) > 1:
		return t.steps[len(t.steps)-2]
	}
	return t.last()
}

func (t trail) last() step { return t.steps[len(t.steps)-1] }
