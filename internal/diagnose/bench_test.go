package diagnose

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/topology"
)

// BenchmarkDiagnose judges a connection between two regions of a topology of
// 50 networks and 200 subnets, whose second hub has lost its way back: a verdict
// with a cause from the topology and a fix that was tried.
func BenchmarkDiagnose(b *testing.B) {
	c := Case{Topology: largeTopology(b), Asked: Question{
		Source: netip.MustParseAddrPort("10.1.1.4:0"), Destination: netip.MustParseAddrPort("10.2.1.4:22")}}
	tuple := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.1.1.4:40000"), Dest: netip.MustParseAddrPort("10.2.1.4:22")}
	for i, name := range []string{"fw1", "fw2"} {
		row := flow.Connection{ID: "c", Firewall: name, Tuple: tuple, First: ms(0), Last: ms(3000), SYN: ms(0), SYNs: 3,
			Verdict: flow.Verdict{Outcome: flow.NoReply, StuckAt: flow.StepSYNACK, Certainty: flow.Certain}}
		if i == 1 {
			row.SYNACKs, row.SYNACK = 4, ms(1)
			row.Verdict = flow.Verdict{Outcome: flow.NoFinalACK, StuckAt: flow.StepACK, Certainty: flow.Certain}
		}
		c.Connections = append(c.Connections, row)
	}
	if v := Diagnose(c); v.Cause.Code != RouteNone || len(v.Fix) != 1 {
		b.Fatalf("Diagnose() = %s with %d fixes", v.Cause.Code, len(v.Fix))
	}
	b.ReportAllocs()
	for b.Loop() {
		Diagnose(c)
	}
}

// largeTopology has five hubs with a firewall each, nine spokes at each hub, and
// four subnets in each network. Every firewall knows the way to the other regions,
// but for the second one.
func largeTopology(b *testing.B) *topology.Topology {
	top := &topology.Topology{Name: "large"}
	peer := func(name string) topology.Peering {
		return topology.Peering{Name: "to-" + name, RemoteVirtualNetwork: topology.Reference{ID: name}}
	}
	for hub := 1; hub <= 5; hub++ {
		name := fmt.Sprintf("hub%d", hub)
		table := topology.RouteTable{Name: "rt-" + name}
		network := topology.VirtualNetwork{Name: name, AddressSpace: topology.AddressSpace{AddressPrefixes: []string{fmt.Sprintf("10.%d.0.0/24", hub)}},
			Subnets: []topology.Subnet{{Name: "AzureFirewallSubnet", AddressPrefix: fmt.Sprintf("10.%d.0.0/26", hub), RouteTable: &topology.Reference{ID: table.Name}}}}
		for i := 1; i <= 3; i++ {
			network.Subnets = append(network.Subnets, topology.Subnet{Name: fmt.Sprintf("s%d", i), AddressPrefix: fmt.Sprintf("10.%d.0.%d/26", hub, 64*i)})
		}
		for other := 1; other <= 5; other++ {
			if other == hub {
				continue
			}
			network.VirtualNetworkPeerings = append(network.VirtualNetworkPeerings, peer(fmt.Sprintf("hub%d", other)))
			if hub != 2 {
				table.Routes = append(table.Routes, topology.Route{Name: fmt.Sprintf("to-region%d", other), AddressPrefix: fmt.Sprintf("10.%d.0.0/16", other),
					NextHopType: topology.VirtualAppliance, NextHopIPAddress: fmt.Sprintf("10.%d.0.4", other)})
			}
		}
		top.AzureFirewalls = append(top.AzureFirewalls, topology.Firewall{Name: fmt.Sprintf("fw%d", hub), Subnet: name + "/AzureFirewallSubnet",
			PrivateIPAddress: fmt.Sprintf("10.%d.0.4", hub)})
		spokes := topology.RouteTable{Name: "rt-spokes-" + name, Routes: []topology.Route{{Name: "default", AddressPrefix: "0.0.0.0/0",
			NextHopType: topology.VirtualAppliance, NextHopIPAddress: fmt.Sprintf("10.%d.0.4", hub)}}}
		top.RouteTables = append(top.RouteTables, table, spokes)
		for i := 1; i <= 9; i++ {
			spoke := topology.VirtualNetwork{Name: fmt.Sprintf("spoke%d-%d", hub, i), AddressSpace: topology.AddressSpace{AddressPrefixes: []string{fmt.Sprintf("10.%d.%d.0/24", hub, i)}},
				VirtualNetworkPeerings: []topology.Peering{peer(name)}}
			network.VirtualNetworkPeerings = append(network.VirtualNetworkPeerings, peer(spoke.Name))
			for j := range 4 {
				subnet := topology.Subnet{Name: fmt.Sprintf("s%d", j), AddressPrefix: fmt.Sprintf("10.%d.%d.%d/26", hub, i, 64*j), RouteTable: &topology.Reference{ID: spokes.Name}}
				spoke.Subnets = append(spoke.Subnets, subnet)
				top.VirtualMachines = append(top.VirtualMachines, topology.VirtualMachine{Name: fmt.Sprintf("vm%d-%d-%d", hub, i, j),
					Subnet: spoke.Name + "/" + subnet.Name, PrivateIPAddress: fmt.Sprintf("10.%d.%d.%d", hub, i, 64*j+4)})
			}
			top.VirtualNetworks = append(top.VirtualNetworks, spoke)
		}
		top.VirtualNetworks = append(top.VirtualNetworks, network)
	}
	if err := top.Validate().Err(); err != nil {
		b.Fatal(err)
	}
	return top
}
