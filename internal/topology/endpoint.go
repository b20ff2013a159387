package topology

import (
	"net/netip"
	"slices"
)

// endpoint is an Endpoint with what deciding needs.
type endpoint struct {
	Endpoint
	prefixes []netip.Prefix // what routes to it may be for, the widest first
	ports    []uint16       // of its TCP services
	premises bool           // behind a gateway
}

// endpoints lists those of a topology and makes nodes of the addresses among
// them that nobody has.
func (r *Resolver) endpoints() []endpoint {
	services := r.topology.servicesByNode()
	inside := r.byPlace()
	var list []endpoint
	for _, p := range r.places {
		n := r.standIn(p, inside[p])
		if n == nil {
			continue
		}
		list = append(list, endpoint{
			Endpoint: Endpoint{Name: p.name(), Node: n.label(), Address: n.address},
			prefixes: p.network.prefixesOf(p.prefix), ports: services[n.name]})
	}
	for _, p := range r.premises {
		a := r.hostIn(p)
		if p.prefix.Bits() == 0 || !r.knows(p.gateway, a) {
			continue
		}
		e := endpoint{Endpoint: Endpoint{Name: p.gateway.name + " " + p.prefix.String(), Address: a},
			prefixes: []netip.Prefix{p.prefix}, premises: true}
		if n := r.nodes[a]; n != nil {
			e.Node, e.ports = n.name, services[n.name]
		} else {
			r.addStandIn(&node{name: a.String(), kind: PremisesNode, address: a, via: p.gateway})
		}
		list = append(list, e)
	}
	return list
}

// label is the name of a node that has one.
func (n *node) label() string {
	if n.kind == AddressNode {
		return ""
	}
	return n.name
}

// byPlace lists the nodes of each subnet in the order of the topology.
func (r *Resolver) byPlace() map[*place][]*node {
	inside := map[*place][]*node{}
	for _, nic := range r.topology.Interfaces() {
		if n := r.nodes[nic.Address]; n != nil {
			inside[n.place] = append(inside[n.place], n)
		}
	}
	return inside
}

// standIn finds or makes the node that stands for a subnet; nil where none
// should.
func (r *Resolver) standIn(p *place, inside []*node) *node {
	if i := slices.IndexFunc(inside, func(n *node) bool { return !n.forwards }); i >= 0 {
		return inside[i]
	}
	if len(inside) > 0 || p.subnet == firewallSubnet || p.subnet == gatewaySubnet {
		return nil
	}
	a := p.prefix.Addr()
	for range reservedAddresses {
		a = a.Next()
	}
	n := &node{name: a.String(), kind: AddressNode, address: a, place: p}
	r.addStandIn(n)
	return n
}

// addStandIn adds a node that the topology does not have.
func (r *Resolver) addStandIn(n *node) {
	r.nodes[n.address] = n
	r.standIns = append(r.standIns, n)
}

// copyStandIns adds the nodes that the resolver of another version of the
// topology has beside those of the topology.
func (r *Resolver) copyStandIns(from *Resolver) {
	for _, old := range from.standIns {
		n := &node{name: old.name, kind: old.kind, address: old.address}
		if old.place != nil {
			n.place = r.places[old.place.id]
		}
		if old.via != nil {
			n.via = r.gateways[old.via.name]
		}
		r.addStandIn(n)
	}
}

// prefixesOf lists the prefixes by which a route can lead to a subnet: the
// network's and its own.
func (n *networkView) prefixesOf(subnet netip.Prefix) []netip.Prefix {
	var list []netip.Prefix
	for _, p := range n.prefixes {
		if containsPrefix(p, subnet) && p != subnet {
			list = append(list, p)
		}
	}
	return append(list, subnet)
}

// hostIn returns the address of a host in a prefix of the premises, a named
// one if there is one.
func (r *Resolver) hostIn(p premises) netip.Addr {
	for _, g := range r.topology.VirtualNetworkGateways {
		for _, h := range g.Hosts {
			if a, err := netip.ParseAddr(h.Address); err == nil && p.prefix.Contains(a) {
				return a
			}
		}
	}
	if a := p.prefix.Addr().Next(); p.prefix.Contains(a) {
		return a
	}
	return p.prefix.Addr()
}

// servicesByNode lists the ports of machines and hosts.
func (t *Topology) servicesByNode() map[string][]uint16 {
	ports := map[string][]uint16{}
	add := func(name string, services []Service) {
		for _, s := range services {
			ports[name] = append(ports[name], s.Port)
		}
	}
	for _, m := range t.VirtualMachines {
		add(m.Name, m.Services)
	}
	for _, g := range t.VirtualNetworkGateways {
		for _, h := range g.Hosts {
			add(h.Name, h.Services)
		}
	}
	return ports
}
