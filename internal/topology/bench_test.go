package topology

import (
	"fmt"
	"testing"
)

// estate makes a hub and spokes, four subnets in each spoke, one of them with a
// machine: the order of magnitude that Check is meant for. Mesh peers all the
// networks with each other; routed gives the spokes' subnets a route table each
// network with everything to the firewall.
func estate(networks int, mesh, routed bool) *Topology {
	hub := VirtualNetwork{Name: "hub", AddressSpace: AddressSpace{[]string{"10.0.0.0/16"}},
		Subnets: []Subnet{{Name: firewallSubnet, AddressPrefix: "10.0.0.0/26"}, {Name: "shared", AddressPrefix: "10.0.1.0/24"},
			{Name: "tools", AddressPrefix: "10.0.2.0/24"}, {Name: "spare", AddressPrefix: "10.0.3.0/24"}}}
	t := &Topology{Name: "estate", AzureFirewalls: []Firewall{{Name: "fw", Subnet: "hub/" + firewallSubnet, PrivateIPAddress: "10.0.0.4"}}}
	for i := 1; i < networks; i++ {
		n := VirtualNetwork{Name: fmt.Sprintf("spoke%d", i), AddressSpace: AddressSpace{[]string{fmt.Sprintf("10.%d.0.0/16", i)}}}
		for j := range 4 {
			s := Subnet{Name: fmt.Sprintf("s%d", j), AddressPrefix: fmt.Sprintf("10.%d.%d.0/24", i, j)}
			if routed {
				s.RouteTable = &Reference{"rt-" + n.Name}
			}
			n.Subnets = append(n.Subnets, s)
		}
		t.VirtualMachines = append(t.VirtualMachines, VirtualMachine{Name: fmt.Sprintf("vm%d", i), Subnet: n.Name + "/s0", PrivateIPAddress: fmt.Sprintf("10.%d.0.4", i)})
		t.RouteTables = append(t.RouteTables, RouteTable{Name: "rt-" + n.Name,
			Routes: []Route{{"default", "0.0.0.0/0", VirtualAppliance, "10.0.0.4"}}})
		t.VirtualNetworks = append(t.VirtualNetworks, n)
	}
	t.VirtualNetworks = append(t.VirtualNetworks, hub)
	for i := range t.VirtualNetworks {
		for j := range t.VirtualNetworks {
			if i != j && (mesh || i == networks-1 || j == networks-1) {
				n, remote := &t.VirtualNetworks[i], t.VirtualNetworks[j].Name
				n.VirtualNetworkPeerings = append(n.VirtualNetworkPeerings, Peering{Name: "to-" + remote, RemoteVirtualNetwork: Reference{remote}})
			}
		}
	}
	return t
}

// BenchmarkCheck has 50 networks with 200 subnets: clean ones, and the worst
// cases for grouping and for the search for fixes.
func BenchmarkCheck(b *testing.B) {
	oneWay := func(t *Topology) *Topology { // every third spoke's way to its neighbour passes the firewall one way only
		for i := range t.RouteTables {
			if i%3 == 0 {
				t.RouteTables[i].Routes = append(t.RouteTables[i].Routes,
					Route{"neighbour", fmt.Sprintf("10.%d.0.0/16", (i+1)%49+1), VirtualAppliance, "10.0.0.4"})
			}
		}
		return t
	}
	for _, c := range []struct {
		name     string
		topology *Topology
		findings int
	}{
		{"clean", estate(50, false, true), 0},
		{"mesh", estate(50, true, false), 0},
		{"no-routes", estate(50, false, false), 1},
		{"one-way", oneWay(estate(50, true, true)), 17},
	} {
		b.Run(c.name, func(b *testing.B) {
			if p := c.topology.Validate(); len(p) > 0 {
				b.Fatal(p)
			}
			for b.Loop() {
				if found := c.topology.Check(); len(found) != c.findings {
					b.Fatalf("Check() found %d, want %d", len(found), c.findings)
				}
			}
		})
	}
}
