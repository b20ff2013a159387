package topology

import (
	"fmt"
	"net/netip"
	"slices"
)

// gatewaysIn lists the gateways in a network.
func (t *Topology) gatewaysIn(network string) []Gateway {
	var list []Gateway
	for _, g := range t.VirtualNetworkGateways {
		if n, _, ok := splitSubnet(g.Subnet); ok && n == network {
			list = append(list, g)
		}
	}
	return list
}

// usableGateways lists the gateways that the subnets of a network can have as
// next hop: its own, or else those that a peered network lends. The peering is
// that by which they are reached, nil for own ones.
func (t *Topology) usableGateways(n *VirtualNetwork) ([]Gateway, *Peering) {
	if own := t.gatewaysIn(n.Name); len(own) > 0 {
		return own, nil
	}
	for i, p := range n.VirtualNetworkPeerings {
		if t.lends(n, p) {
			return t.gatewaysIn(p.RemoteVirtualNetwork.name()), &n.VirtualNetworkPeerings[i]
		}
	}
	return nil, nil
}

// propagates reports whether a subnet gets the routes of gateways.
func (t *Topology) propagates(s *Subnet) bool {
	if s.RouteTable == nil {
		return true
	}
	table, err := t.table(s.RouteTable.name())
	return err == nil && !table.DisableBgpRoutePropagation
}

// gatewayRoutes are those that gateways propagate to a network.
func (t *Topology) gatewayRoutes(n *VirtualNetwork) ([]EffectiveRoute, error) {
	gateways, peering := t.usableGateways(n)
	var routes []EffectiveRoute
	for _, g := range gateways {
		for _, text := range g.Routes {
			p, err := netip.ParsePrefix(text)
			if err != nil {
				return nil, fmt.Errorf("read routes of gateway %s: %w", g.Name, err)
			}
			r := EffectiveRoute{Source: SourceGateway, State: Active, AddressPrefix: p, NextHopType: ToGateway, Gateway: g.Name}
			if peering != nil {
				r.Peering = peering.Name
			}
			routes = append(routes, r)
		}
	}
	return routes, nil
}

// mergeGatewayRoutes puts the routes of gateways beside the system routes. One
// for the whole internet overrides the system route. Routes of networks are
// preferred, even where the gateway knows a longer prefix; this is the only
// exception to the longest prefix.
func mergeGatewayRoutes(system, propagated []EffectiveRoute) []EffectiveRoute {
	for i, r := range propagated {
		if slices.ContainsFunc(system, func(s EffectiveRoute) bool { return s.ofNetwork() && containsPrefix(s.AddressPrefix, r.AddressPrefix) }) {
			propagated[i].State = Invalid
		}
	}
	for i, s := range system {
		if !s.ofNetwork() && slices.ContainsFunc(propagated, samePrefix(s.AddressPrefix)) {
			system[i].State = Invalid
		}
	}
	return append(system, propagated...)
}

// ofNetwork tells the system routes to an own or a peered network.
func (r EffectiveRoute) ofNetwork() bool {
	return r.Source == SourceDefault && (r.NextHopType == VnetLocal || r.NextHopType == VNetPeering)
}
