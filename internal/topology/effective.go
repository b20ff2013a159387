package topology

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// defaultRoute is the prefix that everything falls under.
var defaultRoute = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// EffectiveRoutes lists the routes of a subnet's network interfaces as Azure
// shows them, overridden ones with state Invalid. They are sorted by prefix
// length, then address, then Default, VirtualNetworkGateway and User, so a UDR
// stands right under what it overrides. See the package comment for the rules.
//
// The error is a [document.Problem] where there is no such network or subnet.
func (t *Topology) EffectiveRoutes(network, subnet string) ([]EffectiveRoute, error) {
	n, s, err := t.findSubnet(network, subnet)
	if err != nil {
		return nil, err
	}
	routes, err := t.systemRoutes(n)
	if err != nil {
		return nil, err
	}
	if t.propagates(s) {
		propagated, err := t.gatewayRoutes(n)
		if err != nil {
			return nil, err
		}
		routes = mergeGatewayRoutes(routes, propagated)
	}
	user, err := t.userRoutes(s)
	if err != nil {
		return nil, err
	}
	for i, r := range routes {
		if slices.ContainsFunc(user, samePrefix(r.AddressPrefix)) {
			routes[i].State = Invalid
		}
	}
	routes = append(routes, user...)
	routes = append(routes, noneRoutes(routes)...)
	slices.SortStableFunc(routes, compareRoutes)
	return routes, nil
}

func compareRoutes(a, b EffectiveRoute) int {
	return cmp.Or(
		cmp.Compare(a.AddressPrefix.Bits(), b.AddressPrefix.Bits()),
		a.AddressPrefix.Addr().Compare(b.AddressPrefix.Addr()),
		cmp.Compare(slices.Index(sources, a.Source), slices.Index(sources, b.Source)),
	)
}

// sources are in the order in which equal prefixes are listed: the later one
// overrides the earlier one.
var sources = []RouteSource{SourceDefault, SourceGateway, SourceUser}

// systemRoutes are those that every subnet of a network has, without the ones
// to None.
func (t *Topology) systemRoutes(n *VirtualNetwork) ([]EffectiveRoute, error) {
	routes := []EffectiveRoute{systemRoute(defaultRoute, ToInternet)}
	own, err := n.prefixes()
	if err != nil {
		return nil, err
	}
	for _, p := range own {
		routes = append(routes, systemRoute(p, VnetLocal))
	}
	for _, peering := range n.VirtualNetworkPeerings {
		if !t.connected(n, peering) || !peering.access() {
			continue
		}
		remote, err := t.network(peering.RemoteVirtualNetwork.name()).prefixes()
		if err != nil {
			return nil, err
		}
		for _, p := range remote {
			r := systemRoute(p, VNetPeering)
			r.Peering = peering.Name
			routes = append(routes, r)
		}
	}
	return routes, nil
}

func systemRoute(p netip.Prefix, hop NextHopType) EffectiveRoute {
	return EffectiveRoute{Source: SourceDefault, State: Active, AddressPrefix: p, NextHopType: hop}
}

func (n *VirtualNetwork) prefixes() ([]netip.Prefix, error) {
	list := make([]netip.Prefix, 0, len(n.AddressSpace.AddressPrefixes))
	for _, text := range n.AddressSpace.AddressPrefixes {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("read address space of network %s: %w", n.Name, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// userRoutes are those of the subnet's route table.
func (t *Topology) userRoutes(s *Subnet) ([]EffectiveRoute, error) {
	if s.RouteTable == nil {
		return nil, nil
	}
	table, err := t.table(s.RouteTable.name())
	if err != nil {
		return nil, err
	}
	var routes []EffectiveRoute
	for _, r := range table.Routes {
		p, err := netip.ParsePrefix(r.AddressPrefix)
		if err != nil {
			return nil, fmt.Errorf("read route %s of table %s: %w", r.Name, table.Name, err)
		}
		e := EffectiveRoute{Name: r.Name, Source: SourceUser, State: Active, AddressPrefix: p, RouteTable: table.Name}
		e.NextHopType, _ = canonicalHop(r.NextHopType)
		if e.NextHopType == VirtualAppliance {
			if e.NextHopIPAddress, err = netip.ParseAddr(r.NextHopIPAddress); err != nil {
				return nil, fmt.Errorf("read next hop of route %s of table %s: %w", r.Name, table.Name, err)
			}
		}
		routes = append(routes, e)
	}
	return routes, nil
}

func samePrefix(p netip.Prefix) func(EffectiveRoute) bool {
	return func(r EffectiveRoute) bool { return r.AddressPrefix == p }
}
