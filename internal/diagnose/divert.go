package diagnose

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/internal/topology"
)

// past is the cause of a packet that goes past firewalls from hop i on: the
// route of the first node there that chose one.
func (q *inquiry) past(p topology.Path, i int, d Direction, misses []string) (Cause, *Leg, bool) {
	for ; i < len(p.Hops) && p.Hops[i].Route.State == ""; i++ {
	}
	if i == len(p.Hops) {
		return Cause{}, nil, false
	}
	c := causeAt(RequestRoute, &p.Hops[i])
	if d == Back {
		c.Code = ReplyRoute
	}
	c.Misses = misses
	c.Peering = q.peeringOf(&p.Hops[i])
	from, to := sender(d), receiver(d)
	for k := range p.Hops {
		if name := place(p, k, d); name != "" && k <= i {
			from = name
		} else if name != "" {
			to = name
			break
		}
	}
	return c, leg(from, to, d), true
}

// peeringOf is the peering that a hop's route follows: its own, or the one that
// leads to the next hop; nil where the packet stays in its network.
func (q *inquiry) peeringOf(h *topology.Hop) *PeeringRef {
	for _, n := range q.c.Topology.VirtualNetworks {
		if n.Name != h.Network {
			continue
		}
		for _, p := range n.VirtualNetworkPeerings {
			remote := p.RemoteVirtualNetwork.ID
			if h.Route.Peering == p.Name || h.Route.Peering == "" && q.isIn(h.Route.NextHopIPAddress, remote) {
				return &PeeringRef{Network: h.Network, Name: p.Name, Remote: remote}
			}
		}
	}
	return nil
}

// isIn reports whether an address belongs to a network.
func (q *inquiry) isIn(a netip.Addr, network string) bool {
	return slices.ContainsFunc(q.c.Topology.VirtualNetworks, func(n topology.VirtualNetwork) bool {
		return n.Name == network && a.IsValid() && inSpace(n.AddressSpace, a)
	})
}

// diverted explains why packets of a direction go past firewalls that the other
// direction passes: the first place where the two ways part.
func (q *inquiry) diverted(d Direction, misses []string) (Cause, *Leg, bool) {
	p := q.way.path(d)
	passes, ideal := firewallsOf(p), firewallsOf(q.way.path(opposite(d)))
	slices.Reverse(ideal)
	oneWay := func(m string) bool { return slices.Contains(ideal, m) && !slices.Contains(passes, m) }
	if len(p.Hops) == 0 || !slices.ContainsFunc(misses, oneWay) {
		return Cause{}, nil, false
	}
	at, k := 0, 0
	for k < len(passes) && k < len(ideal) && passes[k] == ideal[k] {
		at = indexOf(p.Hops, passes[k])
		k++
	}
	if !p.Arrives() && k == len(passes) {
		return q.endOfPath(p, at, receiver(d), d)
	}
	return q.past(p, at, d, misses)
}
