package topology

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestNextHopIsLongestPrefix compares NextHop with a slow reading of the rules
// that shares no code with it.
func TestNextHopIsLongestPrefix(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		top := drawTopology(rt)
		for _, n := range top.VirtualNetworks {
			for _, s := range n.Subnets {
				dst := drawAddress(rt)
				want := slowNextHop(top, n, s, dst)
				got, ok := top.NextHop(n.Name, s.Name, dst)
				if !ok || line(got) != want {
					rt.Fatalf("NextHop(%s, %s, %s) = %s, want %s", n.Name, s.Name, dst, line(got), want)
				}
			}
		}
	})
}

// slowNextHop tries each prefix that contains dst, longest first, and asks who
// has a route for just that prefix: the table, the own network, a peered one,
// a gateway, the reserved ranges, and at the end the internet.
func slowNextHop(top *Topology, n VirtualNetwork, s Subnet, dst netip.Addr) string {
	table := map[string]Route{}
	propagation := true
	for _, t := range top.RouteTables {
		if s.RouteTable != nil && t.Name == s.RouteTable.ID {
			propagation = !t.DisableBgpRoutePropagation
			for _, r := range t.Routes {
				table[r.AddressPrefix] = r
			}
		}
	}
	own, remote := map[string]bool{}, map[string]string{}
	for _, p := range n.AddressSpace.AddressPrefixes {
		own[p] = true
	}
	for _, p := range n.VirtualNetworkPeerings {
		for _, other := range top.VirtualNetworks {
			if other.Name == p.RemoteVirtualNetwork.ID && peersBack(other, n) &&
				(p.AllowVirtualNetworkAccess == nil || *p.AllowVirtualNetworkAccess) {
				for _, prefix := range other.AddressSpace.AddressPrefixes {
					remote[prefix] = p.Name
				}
			}
		}
	}
	learnt := map[string]string{}
	if propagation {
		learnt = slowLearnt(top, n)
	}
	everything := table["0.0.0.0/0"].NextHopType
	if everything == "" && learnt["0.0.0.0/0"] != "" {
		everything = ToGateway
	}
	tunnel := everything == VirtualAppliance || everything == ToGateway
	reserved := map[string]bool{"10.0.0.0/8": !tunnel, "172.16.0.0/12": !tunnel, "192.168.0.0/16": !tunnel, "100.64.0.0/10": !tunnel}
	inNetwork := func(bits int) bool { // of what is this long or shorter
		for ; bits > 0; bits-- {
			prefix := netip.PrefixFrom(dst, bits).Masked().String()
			if own[prefix] || remote[prefix] != "" {
				return true
			}
		}
		return false
	}
	for bits := 32; bits > 0; bits-- {
		prefix := netip.PrefixFrom(dst, bits).Masked().String()
		if r, ok := table[prefix]; ok {
			return userLine(s, r)
		}
		if own[prefix] {
			return "Default Active " + prefix + " VnetLocal"
		}
		if p, ok := remote[prefix]; ok {
			return "Default Active " + prefix + " VNetPeering " + p
		}
		if from, ok := learnt[prefix]; ok && !inNetwork(bits) {
			return "VirtualNetworkGateway Active " + prefix + " VirtualNetworkGateway " + from
		}
		if reserved[prefix] {
			return "Default Active " + prefix + " None"
		}
	}
	if r, ok := table["0.0.0.0/0"]; ok {
		return userLine(s, r)
	}
	if from, ok := learnt["0.0.0.0/0"]; ok {
		return "VirtualNetworkGateway Active 0.0.0.0/0 VirtualNetworkGateway " + from
	}
	return "Default Active 0.0.0.0/0 Internet"
}

// slowLearnt says from whom a network learns a prefix by BGP: from a gateway
// of its own, or by a peering from one of a network that lends it.
func slowLearnt(top *Topology, n VirtualNetwork) map[string]string {
	learnt := map[string]string{}
	for _, g := range top.VirtualNetworkGateways {
		home, _, _ := strings.Cut(g.Subnet, "/")
		from := g.Name
		for _, p := range n.VirtualNetworkPeerings {
			for _, other := range top.VirtualNetworks {
				for _, back := range other.VirtualNetworkPeerings {
					if other.Name == home && p.RemoteVirtualNetwork.ID == home && back.RemoteVirtualNetwork.ID == n.Name &&
						p.UseRemoteGateways && back.AllowGatewayTransit {
						home, from = n.Name, p.Name+" "+g.Name
					}
				}
			}
		}
		if home == n.Name {
			for _, prefix := range g.Routes {
				learnt[prefix] = from
			}
		}
	}
	return learnt
}

func userLine(s Subnet, r Route) string {
	line := "User Active " + r.AddressPrefix + " " + string(r.NextHopType)
	if r.NextHopType == VirtualAppliance {
		line += " " + r.NextHopIPAddress
	}
	return line + " " + s.RouteTable.ID + "/" + r.Name
}

func peersBack(from, to VirtualNetwork) bool {
	for _, p := range from.VirtualNetworkPeerings {
		if p.RemoteVirtualNetwork.ID == to.Name {
			return true
		}
	}
	return false
}

func TestNextHopFamilies(t *testing.T) {
	t.Parallel()
	top := threeNetworks(nil, nil)
	for dst, want := range map[string]bool{"10.1.1.4": true, "::ffff:10.1.1.4": true, "fd00::1": false} {
		got, ok := top.NextHop("spoke", "workload", netip.MustParseAddr(dst))
		if ok != want || ok && got.NextHopType != VnetLocal {
			t.Errorf("NextHop(%s) = %v, %v; want %v", dst, got, ok, want)
		}
	}
	if _, ok := top.NextHop("spoke", "workload", netip.Addr{}); ok {
		t.Error("NextHop() of no address found a route")
	}
}
