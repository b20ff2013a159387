package topology

import "net/netip"

// NewResolver makes a resolver for a valid topology, which must not change.
func NewResolver(t *Topology) *Resolver {
	r := &Resolver{topology: t, networks: map[string]*networkView{}, nodes: map[netip.Addr]*node{}, gateways: map[string]*node{},
		routes: map[routesKey]*routeIndex{}, tags: map[routesKey]tagPrefixes{}, securing: map[securityKey][]EffectiveSecurityRule{}}
	for i := range t.VirtualNetworks {
		r.addNetwork(&t.VirtualNetworks[i])
	}
	for _, nic := range t.Interfaces() {
		r.addInterface(nic)
	}
	for i := range t.VirtualNetworkGateways {
		r.addGateway(&t.VirtualNetworkGateways[i])
	}
	if t.Internet != nil {
		for _, h := range t.Internet.Hosts {
			r.addHost(h, InternetNode, nil)
		}
	}
	return r
}

func (r *Resolver) addNetwork(n *VirtualNetwork) {
	view := &networkView{name: n.Name, peerings: map[string]Peering{}, halves: map[string]Peering{}}
	view.prefixes, _ = n.prefixes() // a valid topology has no others
	for _, p := range n.VirtualNetworkPeerings {
		remote := p.RemoteVirtualNetwork.name()
		view.halves[remote] = p
		if p.access() && r.topology.connected(n, p) {
			view.peerings[remote] = p
		}
	}
	r.networks[n.Name] = view
	for i := range n.Subnets {
		s := &n.Subnets[i]
		p := &place{id: len(r.places), network: view, subnet: s.Name}
		p.prefix, _ = netip.ParsePrefix(s.AddressPrefix)
		if s.RouteTable != nil {
			p.table = s.RouteTable.name()
		}
		if s.NetworkSecurityGroup != nil && !s.exempt() {
			p.group = s.NetworkSecurityGroup.name()
		}
		r.places = append(r.places, p)
	}
}

func (r *Resolver) addInterface(nic NetworkInterface) {
	n := &node{name: nic.Owner, kind: MachineNode, address: nic.Address, forwards: nic.Forwards, group: nic.SecurityGroup}
	if nic.Firewall {
		n.kind = FirewallNode
	}
	n.place = r.place(nic.Network, nic.Subnet)
	if n.place == nil {
		return
	}
	r.nodes[n.address] = n
	if n.forwards {
		r.forwarded = append(r.forwarded, n)
	}
}

func (r *Resolver) addGateway(g *Gateway) {
	network, subnet, _ := splitSubnet(g.Subnet)
	n := &node{name: g.Name, kind: GatewayNode, forwards: true, place: r.place(network, subnet)}
	if n.place == nil {
		return
	}
	r.gateways[g.Name] = n
	for _, text := range g.Routes {
		if p, err := netip.ParsePrefix(text); err == nil {
			r.premises = append(r.premises, premises{p, n})
		}
	}
	for _, h := range g.Hosts {
		r.addHost(h, PremisesNode, n)
	}
}

func (r *Resolver) addHost(h Host, kind NodeKind, via *node) {
	if a, err := netip.ParseAddr(h.Address); err == nil {
		r.nodes[a] = &node{name: h.Name, kind: kind, address: a, via: via}
	}
}
