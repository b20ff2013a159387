package topology

import (
	"net/netip"
	"slices"
)

// follow makes the routes with which what the first node sends to an endpoint
// passes the nodes in this order. They may be written for the endpoint's whole
// network, or for its subnet alone; each is a remedy of its own.
func (m *remedy) follow(nodes []*node, to *endpoint) {
	for _, wanted := range m.breadths(nodes, to) {
		if changes, ok := m.routesFor(nodes, to, wanted); ok && !m.has(changes) {
			m.add(changes...)
		}
	}
}

// breadths lists the prefixes that routes to an endpoint can be for. What a
// system route to None takes can also be taken over whole: that is one route
// instead of many where the sender loses what it sends to many.
func (m *remedy) breadths(nodes []*node, to *endpoint) []netip.Prefix {
	list := slices.Clone(to.prefixes)
	sender := nodes[0]
	if sender.place == nil {
		return list
	}
	r := m.routesOf(sender.place).lookup(to.Address)
	if r == nil || r.Source != SourceDefault || r.NextHopType != None {
		return list
	}
	if m.lost[sender.address] > fewDestinations {
		return slices.Insert(list, 0, r.AddressPrefix)
	}
	return append(list, r.AddressPrefix)
}

// fewDestinations is up to how many of them a sender gets a route for each.
const fewDestinations = 2

func (m *remedy) has(changes []Fix) bool {
	return slices.ContainsFunc(m.list, func(other []Fix) bool {
		return slices.EqualFunc(other, changes, func(a, b Fix) bool {
			return a.Kind == FixRoute && b.Kind == FixRoute && a.Table == b.Table && *a.Route == *b.Route && a.Delete == b.Delete
		})
	})
}

// routesFor makes the changes at each node that would send elsewhere. It is
// false where a route cannot do it.
func (m *remedy) routesFor(nodes []*node, to *endpoint, wanted netip.Prefix) ([]Fix, bool) {
	var changes []Fix
	for i, n := range nodes[:len(nodes)-1] {
		next := nodes[i+1]
		if n.place == nil || next.kind == PremisesNode {
			if !m.entersBy(n, next, to) {
				return nil, false
			}
			continue
		}
		chosen := m.routesOf(n.place).lookup(to.Address)
		if m.leads(n, chosen, to.Address) == next {
			continue
		}
		f, ok := m.routeTo(n, next, chosen, to, wanted)
		if !ok {
			return nil, false
		}
		changes = append(changes, f)
	}
	return changes, true
}

// entersBy tells what no route decides: a host on the premises has one
// gateway, and a gateway knows what is behind it.
func (m *remedy) entersBy(n, next *node, to *endpoint) bool {
	if n.kind == PremisesNode {
		return n.via == next
	}
	return n.kind == GatewayNode && m.knows(n, to.Address)
}

// leads finds the node that a route leads to.
func (m *remedy) leads(from *node, r *EffectiveRoute, dst netip.Addr) *node {
	var n *node
	switch {
	case r == nil:
	case r.NextHopType == VirtualAppliance:
		n = m.nodes[r.NextHopIPAddress]
	case r.NextHopType == ToGateway:
		return m.gatewayFor(from.place.network, r, dst)
	case r.NextHopType == VnetLocal || r.NextHopType == VNetPeering:
		n = m.nodes[dst]
	}
	if n == nil || n.place == nil || !from.place.network.reaches(n.place.network) {
		return nil
	}
	return n
}

// routeTo makes the change by which one node sends to the next one.
func (m *remedy) routeTo(n, next *node, chosen *EffectiveRoute, to *endpoint, wanted netip.Prefix) (Fix, bool) {
	if next.kind != GatewayNode && next.address == to.Address {
		return m.direct(n, next, chosen)
	}
	if next.place == nil || !n.place.network.reaches(next.place.network) || !next.forwards {
		return Fix{}, false
	}
	r := Route{NextHopType: VirtualAppliance, NextHopIPAddress: addressText(next.address)}
	if next.kind == GatewayNode {
		r.NextHopType = ToGateway
		wanted = to.prefixes[0] // what the gateway knows, and no more
	}
	r.AddressPrefix = m.longEnough(wanted, chosen, to).String()
	return m.intoTable(n.place, r, to, next.name), true
}

// direct takes a route away that keeps a node from delivering by itself. A
// route to an appliance stays: who wrote it wants the packets to pass there.
func (m *remedy) direct(n, next *node, chosen *EffectiveRoute) (Fix, bool) {
	loops := m.issue.code == FindingCode(Looping)
	if chosen == nil || chosen.RouteTable == "" || chosen.NextHopType == VirtualAppliance && !loops ||
		next.place == nil || !n.place.network.reaches(next.place.network) {
		return Fix{}, false
	}
	return Fix{Kind: FixRoute, Table: chosen.RouteTable, Delete: true, Route: &Route{Name: chosen.Name,
		AddressPrefix: chosen.AddressPrefix.String(), NextHopType: chosen.NextHopType, NextHopIPAddress: addressText(chosen.NextHopIPAddress)},
		Explain: "lets " + n.place.name() + " reach " + next.place.name() + " directly"}, true
}
