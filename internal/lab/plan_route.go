package lab

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/topology"
)

// deliverable lists the nodes in a network and in those that it is peered
// with. Which peerings work is left to the topology: it has system routes for
// them and no others.
func (p planner) deliverable(n topology.VirtualNetwork) []Node {
	reached := []string{n.Name}
	for _, remote := range p.topology.VirtualNetworks {
		if p.leadsTo(n, remote.Name) {
			reached = append(reached, remote.Name)
		}
	}
	var nodes []Node
	for _, node := range p.nodes {
		if (node.Kind == Machine || node.Kind == Firewall) && slices.Contains(reached, node.Network) {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// leadsTo reports whether a network has routes over a peering with another
// one. Peerings count for all subnets alike, so the first one tells.
func (p planner) leadsTo(n topology.VirtualNetwork, remote string) bool {
	i := slices.IndexFunc(n.VirtualNetworkPeerings, func(h topology.Peering) bool { return h.RemoteVirtualNetwork.ID == remote })
	if i < 0 || len(n.Subnets) == 0 {
		return false
	}
	routes, err := p.topology.EffectiveRoutes(n.Name, n.Subnets[0].Name)
	return err == nil && slices.ContainsFunc(routes, func(r topology.EffectiveRoute) bool {
		return r.Peering == n.VirtualNetworkPeerings[i].Name && r.NextHopType == topology.VNetPeering
	})
}

// deliver makes a delivery table.
func deliver(nodes []Node) []route {
	routes := []route{{prefix: everywhere, kind: unix.RTN_BLACKHOLE}}
	for _, n := range nodes {
		routes = append(routes, route{netip.PrefixFrom(n.Address, 32), unix.RTN_UNICAST, n.neighbour()})
	}
	return routes
}

// subnetRoutes makes the table of a subnet from its active effective routes.
func (p planner) subnetRoutes(network, subnet string) ([]route, error) {
	effective, err := p.topology.EffectiveRoutes(network, subnet)
	if err != nil {
		return nil, err
	}
	var routes []route
	for _, r := range effective {
		if r.State == topology.Active {
			routes = append(routes, p.routeFor(network, subnet, r))
		}
	}
	return routes, nil
}

func (p planner) routeFor(network, subnet string, r topology.EffectiveRoute) route {
	result := route{prefix: r.AddressPrefix.Masked(), kind: unix.RTN_BLACKHOLE}
	switch r.NextHopType {
	case topology.VnetLocal, topology.VNetPeering:
		result.kind = unix.RTN_THROW
	case topology.VirtualAppliance:
		if n, ok := p.appliance(network, r.NextHopIPAddress); ok {
			result.kind, result.to = unix.RTN_UNICAST, n.neighbour()
		}
	case topology.ToGateway:
		if n, ok := p.gateway(network, r); ok {
			result.kind, result.to = unix.RTN_UNICAST, n.neighbour()
		}
	case topology.ToInternet:
		// A gateway sends nothing to the internet.
		if p.topology.Internet != nil && !p.hasGateway(network, subnet) {
			result.kind, result.to = unix.RTN_UNICAST, internetNeighbour
		}
	}
	return result
}

// appliance finds the node that a network can use as next hop.
func (p planner) appliance(network string, address netip.Addr) (Node, bool) {
	nodes := p.delivery[network]
	i := slices.IndexFunc(nodes, func(n Node) bool { return n.Address == address })
	if i < 0 {
		return Node{}, false
	}
	return nodes[i], true
}
