package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/topology"
)

// suggestions are changes that a trouble calls for, the likeliest first; of each
// all parts are needed. They are tried before anybody sees them.
func (s *search) suggestions(t *topology.Topology, p *prediction, at trouble) [][]topology.Fix {
	path := p.path(at.d)
	h := &path.Hops[at.at]
	switch path.End {
	case topology.PeeringBlocked:
		return alone(allowForwarded(t, path))
	case topology.SecurityDenied:
		return [][]topology.Fix{allowSecurity(t, path)}
	}
	var fixes []topology.Fix
	if path.End == topology.NotForwarding {
		machine := path.Hops[len(path.Hops)-1].Node
		fixes = append(fixes, topology.Fix{Kind: topology.FixNIC, Machine: machine,
			Explain: fmt.Sprintf("lets the network interface of %s forward", machine)})
	}
	hops := []*topology.Hop{h}
	for i := range path.Loop {
		hops = append(hops, &path.Loop[i])
	}
	for _, h := range hops {
		fixes = append(fixes, s.routes(t, h, path.Packet.Destination)...)
	}
	return alone(fixes)
}

// alone makes each fix one that is enough by itself.
func alone(fixes []topology.Fix) [][]topology.Fix {
	list := make([][]topology.Fix, len(fixes))
	for i, f := range fixes {
		list[i] = []topology.Fix{f}
	}
	return list
}

// routes are changes of the route that a hop chose: another next hop for the
// same prefix, a route of its own for the destination's subnet, or none.
func (s *search) routes(t *topology.Topology, h *topology.Hop, dst netip.Addr) []topology.Fix {
	var fixes []topology.Fix
	user := h.Route.Source == topology.SourceUser
	remove := topology.Fix{Kind: topology.FixRoute, Table: h.Route.RouteTable, Delete: true,
		Route:   &topology.Route{Name: h.Route.Name, AddressPrefix: h.Route.AddressPrefix.String(), NextHopType: h.Route.NextHopType},
		Explain: fmt.Sprintf("removes the route %s of %s", h.Route.Name, h.Route.RouteTable)}
	if user && h.Route.NextHopType == topology.None {
		fixes = append(fixes, remove)
	}
	wrongHop := user && h.Route.NextHopType == topology.VirtualAppliance
	for _, fw := range s.firewalls(t, h) {
		if wrongHop {
			fixes = append(fixes, routeFix(t, h, h.Route.Name, h.Route.AddressPrefix, fw))
		}
		if prefix := subnetOf(t, dst); prefix.IsValid() {
			fixes = append(fixes, routeFix(t, h, routeName(t, h, dst), prefix, fw))
		}
	}
	if wrongHop {
		fixes = append(fixes, remove)
	}
	return fixes
}

// firewalls are those that a hop could send to: the ones that have to be passed
// first, then others of the ways, none but itself.
func (s *search) firewalls(t *topology.Topology, h *topology.Hop) []topology.NetworkInterface {
	var first, others []topology.NetworkInterface
	for _, nic := range t.Interfaces() {
		switch {
		case !nic.Firewall || nic.Owner == h.Node || !reaches(t, h.Network, nic.Network):
		case slices.Contains(s.passes, nic.Owner):
			first = append(first, nic)
		case len(others) < mostFirewalls:
			others = append(others, nic)
		}
	}
	return append(first, others...)
}

// mostFirewalls bounds how many firewalls are tried that neither way passes.
const mostFirewalls = 2

// reaches reports whether an interface of the other network can be a next hop.
func reaches(t *topology.Topology, network, other string) bool {
	if network == other {
		return true
	}
	for _, n := range t.VirtualNetworks {
		if n.Name == network {
			return slices.ContainsFunc(n.VirtualNetworkPeerings, func(p topology.Peering) bool { return p.RemoteVirtualNetwork.ID == other })
		}
	}
	return false
}

// routeFix sets a route to a firewall in the table of the hop's subnet, which is
// made where the subnet has none.
func routeFix(t *topology.Topology, h *topology.Hop, name string, prefix netip.Prefix, to topology.NetworkInterface) topology.Fix {
	f := topology.Fix{Kind: topology.FixRoute, Table: h.Table,
		Route:   &topology.Route{Name: name, AddressPrefix: prefix.String(), NextHopType: topology.VirtualAppliance, NextHopIPAddress: to.Address.String()},
		Explain: fmt.Sprintf("sends %s from %s/%s through %s", prefix, h.Network, h.Subnet, to.Owner)}
	if f.Table == "" {
		f.Subnet = h.Network + "/" + h.Subnet
		f.Table = unused("rt-"+h.Network+"-"+h.Subnet, func(name string) bool {
			return slices.ContainsFunc(t.RouteTables, func(r topology.RouteTable) bool { return r.Name == name })
		})
	}
	return f
}

// routeName is a name for a route to the destination's network that the hop's
// table has not.
func routeName(t *topology.Topology, h *topology.Hop, dst netip.Addr) string {
	name := "to-" + dst.String()
	for _, n := range t.VirtualNetworks {
		if inSpace(n.AddressSpace, dst) {
			name = "to-" + n.Name
		}
	}
	return unused(name, func(name string) bool {
		i := slices.IndexFunc(t.RouteTables, func(r topology.RouteTable) bool { return r.Name == h.Table })
		return i >= 0 && slices.ContainsFunc(t.RouteTables[i].Routes, func(r topology.Route) bool { return r.Name == name })
	})
}

// subnetOf is the prefix of the subnet that an address is in, else of the
// address alone.
func subnetOf(t *topology.Topology, a netip.Addr) netip.Prefix {
	for _, n := range t.VirtualNetworks {
		for _, s := range n.Subnets {
			if p, err := netip.ParsePrefix(s.AddressPrefix); err == nil && p.Contains(a) {
				return p
			}
		}
	}
	return netip.PrefixFrom(a, a.BitLen())
}

func inSpace(space topology.AddressSpace, a netip.Addr) bool {
	return slices.ContainsFunc(space.AddressPrefixes, func(text string) bool {
		p, err := netip.ParsePrefix(strings.TrimSpace(text))
		return err == nil && p.Contains(a)
	})
}
