package topology

import "net/netip"

// premises is a prefix behind a gateway.
type premises struct {
	prefix  netip.Prefix
	gateway *node
}

// sender finds who sends from an address: a node, or an address that nobody
// has, in a subnet, on the premises or on the internet. It is nil where no
// packet can come from.
func (r *Resolver) sender(a netip.Addr) *node {
	if n, ok := r.nodes[a]; ok {
		return n
	}
	n := &node{name: a.String(), kind: AddressNode, address: a}
	for _, p := range r.places {
		if p.prefix.Contains(a) {
			n.place = p
			return n
		}
	}
	if r.inNetwork(a) {
		return nil
	}
	n.kind = PremisesNode
	if n.via = r.behind(a, nil); n.via != nil {
		return n
	}
	if containsAddress(unroutable, a) {
		return nil // a private address that nobody has
	}
	n.kind = InternetNode
	return n
}

func (r *Resolver) inNetwork(a netip.Addr) bool {
	for _, n := range r.networks {
		if n.contains(a) {
			return true
		}
	}
	return false
}

// behind finds the gateway with the longest prefix for an address: of the
// listed gateways, or of all. A prefix for everything is the internet by
// another way, and tells nothing about where an address is.
func (r *Resolver) behind(a netip.Addr, among []*node) *node {
	var best premises
	for _, p := range r.premises {
		listed := among == nil && p.prefix.Bits() > 0
		for _, g := range among {
			listed = listed || g == p.gateway
		}
		if listed && p.prefix.Contains(a) && (best.gateway == nil || p.prefix.Bits() > best.prefix.Bits()) {
			best = p
		}
	}
	return best.gateway
}

// knows reports whether a gateway sends an address to its other side: it has a
// route for it, and no network that it reaches has the address.
func (r *Resolver) knows(gateway *node, a netip.Addr) bool {
	if r.behind(a, []*node{gateway}) == nil || gateway.place.network.contains(a) {
		return false
	}
	for remote := range gateway.place.network.peerings {
		if r.networks[remote].contains(a) {
			return false
		}
	}
	return true
}

// gatewayFor finds the gateway to which a route leads. A route of a gateway
// names it. For a UDR it is the one that knows the destination best, else the
// first one that the network can use; nil where it can use none.
func (r *Resolver) gatewayFor(network *networkView, route *EffectiveRoute, dst netip.Addr) *node {
	if route.Gateway != "" {
		return r.gateways[route.Gateway]
	}
	n := r.topology.network(network.name)
	usable, _ := r.topology.usableGateways(n)
	var list []*node
	for _, g := range usable {
		if known := r.gateways[g.Name]; known != nil {
			list = append(list, known)
		}
	}
	if len(list) == 0 {
		return nil
	}
	if best := r.behind(dst, list); best != nil {
		return best
	}
	return list[0]
}

// GatewayFor finds the gateway to which a route to VirtualNetworkGateway leads
// from a subnet of the network: the one that propagated the route, or for a
// user-defined route the one with the longest prefix for the destination, else
// the first one that the network can use. It is false where there is none.
func (t *Topology) GatewayFor(network string, route EffectiveRoute, dst netip.Addr) (Gateway, bool) {
	r := NewResolver(t)
	view, ok := r.networks[network]
	if !ok {
		return Gateway{}, false
	}
	found := r.gatewayFor(view, &route, dst)
	for _, g := range t.VirtualNetworkGateways {
		if found != nil && g.Name == found.name {
			return g, true
		}
	}
	return Gateway{}, false
}
