package topology

import (
	"net/netip"
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
// the reserved ranges, and at the end the internet.
func slowNextHop(top *Topology, n VirtualNetwork, s Subnet, dst netip.Addr) string {
	table := map[string]Route{}
	for _, t := range top.RouteTables {
		if s.RouteTable != nil && t.Name == s.RouteTable.ID {
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
	tunnel := table["0.0.0.0/0"].NextHopType == VirtualAppliance
	reserved := map[string]bool{"10.0.0.0/8": !tunnel, "172.16.0.0/12": !tunnel, "192.168.0.0/16": !tunnel, "100.64.0.0/10": !tunnel}
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
		if reserved[prefix] {
			return "Default Active " + prefix + " None"
		}
	}
	if r, ok := table["0.0.0.0/0"]; ok {
		return userLine(s, r)
	}
	return "Default Active 0.0.0.0/0 Internet"
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
