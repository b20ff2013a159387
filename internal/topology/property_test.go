package topology

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPathsEnd follows any packet through any topology: the path ends, says
// how, and visits no node twice but the last one of a loop.
func TestPathsEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		top := drawTopology(rt)
		r := NewResolver(top)
		for range 5 {
			p := Packet{Source: drawEnd(rt, top), Destination: drawEnd(rt, top), Protocol: rapid.SampledFrom([]uint8{1, 6, 17}).Draw(rt, "protocol"),
				DestinationPort: rapid.Uint16().Draw(rt, "port"), Reply: rapid.Bool().Draw(rt, "reply")}
			checkPath(rt, r.Path(p))
		}
	})
}

// drawEnd draws the address of a node or any other one.
func drawEnd(t *rapid.T, top *Topology) netip.Addr {
	var known []netip.Addr
	for _, text := range top.addresses() {
		known = append(known, netip.MustParseAddr(text))
	}
	if len(known) == 0 || rapid.Bool().Draw(t, "any address") {
		return drawAddress(t)
	}
	return rapid.SampledFrom(sortedAddresses(known)).Draw(t, "known address")
}

func checkPath(t *rapid.T, p Path) {
	seen := map[string]bool{}
	for i, h := range p.Hops {
		last := i == len(p.Hops)-1
		again := last && (p.End == Looping || p.End == Delivered || p.End == SecurityDenied)
		if seen[h.Node] && !again {
			t.Fatalf("%v visits %s twice", p.Nodes(), h.Node)
		}
		seen[h.Node] = true
		if !last && h.Route.State == "" && h.Kind != InternetNode && h.Kind != PremisesNode && h.Kind != GatewayNode {
			t.Fatalf("%v: %s has passed the packet on without a route", p.Nodes(), h.Node)
		}
	}
	if p.End == "" || len(p.Hops) == 0 && p.End != NoSource {
		t.Fatalf("path %+v does not say how it ends", p)
	}
	if (p.End == Looping) != (len(p.Loop) > 0) || (p.End == SecurityDenied) != (p.Denied != nil) || (p.End == PeeringBlocked) != (p.Peering != "") {
		t.Fatalf("path %+v does not say where it ends", p)
	}
}

// TestMeshIsSymmetric draws spokes around hubs that are peered with each
// other, each network with a route to its own firewall for everything, and
// each firewall with routes to the others' spokes: what Microsoft recommends.
// Every round trip is symmetric then.
func TestMeshIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		top := drawMesh(rt)
		if problems := top.Validate(); len(problems) > 0 {
			rt.Fatalf("Validate() = %v", problems)
		}
		if found := top.Check(); len(found) > 0 {
			rt.Fatalf("Check() = %s", findingsText(found))
		}
	})
}

func drawMesh(t *rapid.T) *Topology {
	top := &Topology{Name: "mesh"}
	hubs := rapid.IntRange(1, 4).Draw(t, "hubs")
	for h := range hubs {
		hub := VirtualNetwork{Name: fmt.Sprintf("hub%d", h), AddressSpace: AddressSpace{[]string{fmt.Sprintf("10.%d.0.0/24", h)}},
			Subnets: []Subnet{{Name: firewallSubnet, AddressPrefix: fmt.Sprintf("10.%d.0.0/26", h), RouteTable: &Reference{fmt.Sprintf("rt-fw%d", h)}}}}
		table := RouteTable{Name: fmt.Sprintf("rt-fw%d", h)}
		for other := range hubs {
			if other != h {
				hub.VirtualNetworkPeerings = append(hub.VirtualNetworkPeerings, Peering{Name: fmt.Sprintf("to-hub%d", other), RemoteVirtualNetwork: Reference{fmt.Sprintf("hub%d", other)}})
				table.Routes = append(table.Routes, Route{fmt.Sprintf("region%d", other), fmt.Sprintf("10.%d.0.0/16", other), VirtualAppliance, fmt.Sprintf("10.%d.0.4", other)})
			}
		}
		top.AzureFirewalls = append(top.AzureFirewalls, Firewall{Name: fmt.Sprintf("fw%d", h), Subnet: hub.Name + "/" + firewallSubnet, PrivateIPAddress: fmt.Sprintf("10.%d.0.4", h)})
		top.RouteTables = append(top.RouteTables, table, RouteTable{Name: fmt.Sprintf("rt%d", h),
			Routes: []Route{{"default", "0.0.0.0/0", VirtualAppliance, fmt.Sprintf("10.%d.0.4", h)}}})
		for s := range rapid.IntRange(0, 3).Draw(t, "spokes") {
			spoke := VirtualNetwork{Name: fmt.Sprintf("spoke%d-%d", h, s), AddressSpace: AddressSpace{[]string{fmt.Sprintf("10.%d.%d.0/24", h, s+1)}},
				Subnets:                []Subnet{{Name: "workload", AddressPrefix: fmt.Sprintf("10.%d.%d.0/24", h, s+1), RouteTable: &Reference{fmt.Sprintf("rt%d", h)}}},
				VirtualNetworkPeerings: []Peering{{Name: "to-hub", RemoteVirtualNetwork: Reference{hub.Name}}}}
			hub.VirtualNetworkPeerings = append(hub.VirtualNetworkPeerings, Peering{Name: "to-" + spoke.Name, RemoteVirtualNetwork: Reference{spoke.Name}})
			top.VirtualNetworks = append(top.VirtualNetworks, spoke)
		}
		top.VirtualNetworks = append(top.VirtualNetworks, hub)
	}
	return top
}

// TestFixesAreProved applies the fixes that Check finds in any topology, and
// in a mesh in which something has been broken.
func TestFixesAreProved(t *testing.T) {
	t.Parallel()
	t.Run("any", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) { checkProof(rt, drawTopology(rt)) })
	})
	t.Run("broken mesh", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(rt *rapid.T) {
			top := drawMesh(rt)
			for range rapid.IntRange(1, 3).Draw(rt, "faults") {
				breakSomething(rt, top)
			}
			checkProof(rt, top)
		})
	})
}

// breakSomething makes one of the faults that people make.
func breakSomething(t *rapid.T, top *Topology) {
	n := &top.VirtualNetworks[rapid.IntRange(0, len(top.VirtualNetworks)-1).Draw(t, "network")]
	table := &top.RouteTables[rapid.IntRange(0, len(top.RouteTables)-1).Draw(t, "table")]
	switch rapid.IntRange(0, 4).Draw(t, "fault") {
	case 0:
		if len(n.VirtualNetworkPeerings) > 0 {
			n.VirtualNetworkPeerings = n.VirtualNetworkPeerings[1:]
		}
	case 1:
		if len(n.VirtualNetworkPeerings) > 0 {
			n.VirtualNetworkPeerings[0].AllowForwardedTraffic = new(bool)
		}
	case 2:
		n.Subnets[0].RouteTable = nil
	case 3:
		if len(table.Routes) > 0 {
			table.Routes = table.Routes[1:]
		}
	case 4:
		if len(table.Routes) > 0 {
			table.Routes[0].NextHopIPAddress = rapid.SampledFrom([]string{"10.0.0.4", "10.1.0.4", "10.1.0.5"}).Draw(t, "next hop")
		}
	}
}

func sortedAddresses(list []netip.Addr) []netip.Addr {
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}
