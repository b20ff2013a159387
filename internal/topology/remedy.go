package topology

import (
	"net/netip"
	"slices"
)

// remedies lists what could be changed for an issue, the likeliest first. None
// of it is certain: each is tried.
func (s *session) remedies(r *Resolver, p pair, found *issue) [][]Fix {
	from, to := &s.endpoints[p.a], &s.endpoints[p.b]
	if found.reversed {
		from, to = to, from
	}
	m := remedy{Resolver: r, from: from, to: to, issue: found, other: r.route(to, from), lost: s.lost, tables: s.inspection.resolver.topology.tableNames()}
	switch found.code {
	case FindingCode(PeeringBlocked):
		m.allowForwarded()
	case FindingCode(SecurityDenied):
		m.allow()
	case FindingCode(NotForwarding):
		m.letForward()
		m.otherAppliances()
	case PeeringIncomplete:
		m.add(m.join(r.unfinished(found.trail, to.Address))...)
	case FindingCode(NoNextHop):
		m.joinNextHop()
		m.otherAppliances()
		m.borrowGateway()
	default:
		m.borrowGateway()
	}
	if found.port == 0 {
		m.reroute()
	}
	return m.list
}

// remedy collects changes for an issue with what from sends to to.
type remedy struct {
	*Resolver
	from, to *endpoint
	issue    *issue
	other    trail              // the other direction
	lost     map[netip.Addr]int // to how many endpoints a sender's packets are lost
	tables   []string           // that the original topology has
	list     [][]Fix
}

func (m *remedy) add(changes ...Fix) {
	if len(changes) > 0 {
		m.list = append(m.list, changes)
	}
}

// reroute sends the packet by the way of the other direction, or the other
// direction by the way of this one, or both by a way that is to be found.
func (m *remedy) reroute() {
	if m.other.arrives() {
		nodes := m.other.nodes()
		slices.Reverse(nodes)
		m.follow(nodes, m.to)
	}
	if m.issue.trail.arrives() {
		nodes := m.issue.trail.nodes()
		slices.Reverse(nodes)
		m.follow(nodes, m.from)
		return
	}
	if !m.other.arrives() || m.issue.code == FindingCode(Looping) {
		chains := m.chains()
		for _, nodes := range chains {
			m.follow(nodes, m.to)
		}
		if len(chains) == 0 {
			m.joinEnds()
		}
	}
}

// allowForwarded opens the half of a peering that blocks.
func (m *remedy) allowForwarded() {
	t := m.issue.trail
	n := m.topology.network(t.network)
	i := slices.IndexFunc(n.VirtualNetworkPeerings, func(p Peering) bool { return p.Name == t.peering })
	if i < 0 {
		return
	}
	p := n.VirtualNetworkPeerings[i]
	p.AllowForwardedTraffic = &yes
	m.add(Fix{Kind: FixPeering, Network: n.Name, Peering: &p,
		Explain: "lets in what " + p.RemoteVirtualNetwork.name() + " only forwards"})
}

var yes = true

// letForward makes an appliance of the machine that got the packet.
func (m *remedy) letForward() {
	n := m.issue.trail.last().node
	if n.kind == MachineNode {
		m.add(Fix{Kind: FixNIC, Machine: n.name, Explain: "lets " + n.name + " forward what is not for itself"})
	}
}

// otherAppliances keeps the route that led to nobody, and lets it lead to
// something that forwards.
func (m *remedy) otherAppliances() {
	s := m.issue.blamed()
	if s.route == nil || s.route.NextHopType != VirtualAppliance {
		return
	}
	for _, n := range m.forwarded {
		if n.address == s.route.NextHopIPAddress || !s.node.place.network.reaches(n.place.network) {
			continue
		}
		m.add(Fix{Kind: FixRoute, Table: s.route.RouteTable,
			Route: &Route{Name: s.route.Name, AddressPrefix: s.route.AddressPrefix.String(),
				NextHopType: VirtualAppliance, NextHopIPAddress: n.address.String()},
			Explain: "leads to " + n.name + " what led to nobody"})
	}
}
