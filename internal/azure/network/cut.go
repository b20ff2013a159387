package network

import (
	"slices"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/topology"
)

func (b *builder) cutAt(at location, rest []location, p document.Problem) bool {
	t := b.t
	switch at.field {
	case "virtualNetworks":
		return cutItem(b, &t.VirtualNetworks, at, p, func(n *topology.VirtualNetwork) (string, bool) { return n.Name, b.cutNetwork(n, rest, p) })
	case "routeTables":
		return cutItem(b, &t.RouteTables, at, p, func(r *topology.RouteTable) (string, bool) {
			return r.Name, len(rest) > 0 && rest[0].field == routesField && cutItem(b, &r.Routes, rest[0], p,
				func(route *topology.Route) (string, bool) { return route.Name, false }, at.field, r.Name)
		})
	case "networkSecurityGroups":
		return cutItem(b, &t.NetworkSecurityGroups, at, p, func(g *topology.NetworkSecurityGroup) (string, bool) {
			return g.Name, len(rest) > 0 && rest[0].field == rulesField && cutItem(b, &g.SecurityRules, rest[0], p,
				func(r *topology.SecurityRule) (string, bool) {
					return r.Name, b.cutPrefix(r, rest[1:], p, at.field, g.Name, rulesField, r.Name)
				}, at.field, g.Name)
		})
	case "virtualNetworkGateways":
		return cutItem(b, &t.VirtualNetworkGateways, at, p, func(g *topology.Gateway) (string, bool) {
			return g.Name, b.cutValue(&g.Routes, routesField, rest, p, at.field, g.Name)
		})
	case "azureFirewalls":
		return cutItem(b, &t.AzureFirewalls, at, p, func(f *topology.Firewall) (string, bool) { return f.Name, false })
	case "virtualMachines":
		return cutItem(b, &t.VirtualMachines, at, p, func(m *topology.VirtualMachine) (string, bool) {
			return m.Name, b.cutReference(&m.NetworkSecurityGroup, "networkSecurityGroup", rest, p, at.field, m.Name)
		})
	}
	return false
}

func (b *builder) cutNetwork(n *topology.VirtualNetwork, rest []location, p document.Problem) bool {
	if len(rest) == 0 {
		return false
	}
	const field = "virtualNetworks"
	switch rest[0].field {
	case "addressSpace":
		return b.cutValue(&n.AddressSpace.AddressPrefixes, prefixesField, rest[1:], p, field, n.Name)
	case subnetsField:
		return cutItem(b, &n.Subnets, rest[0], p, func(s *topology.Subnet) (string, bool) {
			path := []string{field, n.Name, subnetsField, s.Name}
			return s.Name, b.cutReference(&s.RouteTable, "routeTable", rest[1:], p, path...) ||
				b.cutReference(&s.NetworkSecurityGroup, "networkSecurityGroup", rest[1:], p, path...)
		}, field, n.Name)
	case peeringsField:
		return cutItem(b, &n.VirtualNetworkPeerings, rest[0], p, func(v *topology.Peering) (string, bool) {
			if len(rest) > 1 && rest[1].field == "useRemoteGateways" && v.UseRemoteGateways {
				v.UseRemoteGateways = false
				b.gone[rest[1].prefix] = true
				b.tell(resource.Changed, p, field, n.Name, peeringsField, v.Name)
				return v.Name, true
			}
			return v.Name, false
		}, field, n.Name)
	}
	return false
}

// cutItem takes an item out of a list, unless within finds a part of it that is
// enough to take out. Within also tells the item's name.
func cutItem[T any](b *builder, list *[]T, at location, p document.Problem, within func(*T) (string, bool), path ...string) bool {
	if at.index < 0 || at.index >= len(*list) {
		return false
	}
	name, done := within(&(*list)[at.index])
	if done {
		return true
	}
	b.gone[at.prefix] = true
	b.tell(resource.LeftOut, p, append(slices.Clone(path), at.field, name)...)
	*list = slices.Delete(*list, at.index, at.index+1)
	return true
}

// cutValue takes one value out of a list of strings.
func (b *builder) cutValue(list *[]string, field string, rest []location, p document.Problem, path ...string) bool {
	if len(rest) == 0 || rest[0].field != field || rest[0].index < 0 || rest[0].index >= len(*list) {
		return false
	}
	b.gone[rest[0].prefix] = true
	b.tell(resource.Changed, p, path...)
	*list = slices.Delete(*list, rest[0].index, rest[0].index+1)
	return true
}

// cutPrefix takes one of several prefixes out of a security rule.
func (b *builder) cutPrefix(r *topology.SecurityRule, rest []location, p document.Problem, path ...string) bool {
	for field, list := range map[string]*[]string{
		"sourceAddressPrefixes": &r.SourceAddressPrefixes, "destinationAddressPrefixes": &r.DestinationAddressPrefixes,
		"sourcePortRanges": &r.SourcePortRanges, "destinationPortRanges": &r.DestinationPortRanges,
	} {
		if len(*list) > 1 && b.cutValue(list, field, rest, p, path...) {
			return true
		}
	}
	return false
}

func (b *builder) cutReference(ref **topology.Reference, field string, rest []location, p document.Problem, path ...string) bool {
	if len(rest) == 0 || rest[0].field != field || *ref == nil {
		return false
	}
	b.gone[rest[0].prefix] = true
	b.tell(resource.Changed, p, path...)
	*ref = nil
	return true
}
