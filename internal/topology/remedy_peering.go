package topology

import "slices"

// joinNextHop completes the peering with the network that the next hop is in.
func (m *remedy) joinNextHop() {
	t := m.issue.trail
	s := t.last()
	if n := m.nodes[t.missing]; n != nil && n.place != nil && s.node.place != nil {
		m.add(m.join(s.node.place.network, n.place.network)...)
	}
}

// joinEnds peers the networks of both ends, where nothing lies between them
// that could forward.
func (m *remedy) joinEnds() {
	from, to := m.nodes[m.from.Address], m.nodes[m.to.Address]
	if from != nil && to != nil && from.place != nil && to.place != nil && from.place.network != to.place.network {
		m.add(m.join(from.place.network, to.place.network)...)
	}
}

// join makes or opens the two halves of a peering, as far as needed.
func (r *Resolver) join(a, b *networkView) []Fix {
	return append(r.half(a, b), r.half(b, a)...)
}

func (r *Resolver) half(of, to *networkView) []Fix {
	p, there := of.halves[to.name]
	f := Fix{Kind: FixPeering, Network: of.name, Peering: &p}
	switch {
	case !there:
		p = Peering{Name: r.unusedPeering(of.name, "to-"+to.name), RemoteVirtualNetwork: Reference{ID: to.name}}
		f.Explain = "adds the half of the peering in " + of.name
	case !p.access():
		p.AllowVirtualNetworkAccess = &yes
		f.Explain = "gives " + of.name + " the routes to " + to.name
	default:
		return nil
	}
	return []Fix{f}
}

func (r *Resolver) unusedPeering(network, name string) string {
	n := r.topology.network(network)
	return unused(name, namesOf(n.VirtualNetworkPeerings, func(p Peering) string { return p.Name }))
}

// borrowGateway lets the network in which the packet is lost use the gateway
// of a peered one. Azure allows that at one peering of a network that has no
// gateway of its own.
func (m *remedy) borrowGateway() {
	s := m.issue.trail.last()
	if s.node.place == nil || len(m.topology.gatewaysIn(s.node.place.network.name)) > 0 {
		return
	}
	here := s.node.place.network
	list := m.topology.network(here.name).VirtualNetworkPeerings
	for _, p := range list {
		remote := p.RemoteVirtualNetwork.name()
		other := slices.ContainsFunc(list, func(o Peering) bool { return o.UseRemoteGateways && o.Name != p.Name })
		if _, ok := here.peerings[remote]; ok && !other && m.gatewayIn(remote) {
			m.add(m.borrow(here, remote)...)
		}
	}
}

// gatewayIn reports whether a network has a gateway that leads to where the
// packet goes.
func (m *remedy) gatewayIn(network string) bool {
	return slices.ContainsFunc(m.topology.gatewaysIn(network), func(g Gateway) bool {
		n := m.gateways[g.Name]
		return n != nil && m.knows(n, m.to.Address)
	})
}

// borrow changes the lender's half first: Azure refuses the other order.
func (m *remedy) borrow(here *networkView, remote string) []Fix {
	var list []Fix
	if p := m.networks[remote].halves[here.name]; !p.AllowGatewayTransit {
		p.AllowGatewayTransit = true
		list = append(list, Fix{Kind: FixPeering, Network: remote, Peering: &p,
			Explain: "lends the gateways of " + remote + " to " + here.name})
	}
	if p := here.halves[remote]; !p.UseRemoteGateways {
		p.UseRemoteGateways = true
		list = append(list, Fix{Kind: FixPeering, Network: here.name, Peering: &p,
			Explain: "lets " + here.name + " use the gateways of " + remote})
	}
	return list
}

// part deletes both halves of a peering.
func (r *Resolver) part(n *networkView, peering string) []Fix {
	var changes []Fix
	for remote, p := range n.peerings {
		if p.Name != peering {
			continue
		}
		back := r.networks[remote].halves[n.name]
		for _, half := range []struct {
			network string
			peering Peering
		}{{n.name, p}, {remote, back}} {
			changes = append(changes, Fix{Kind: FixPeering, Network: half.network, Peering: &half.peering, Delete: true,
				Explain: "takes the routes from " + half.network + " to " + half.peering.RemoteVirtualNetwork.name() + " away"})
		}
	}
	return changes
}
