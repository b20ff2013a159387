package lab

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/topology"
)

// drawer draws topologies in which nearly everything can be wrong: 1 to 3
// hubs, 2 to 8 spokes, routes to anywhere, halves of peerings that refuse
// something, security groups, a gateway.
type drawer struct {
	*rand.Rand
	hubs, spokes []string
	appliances   []string // addresses that routes may name; not all are somebody's
	prefixes     []string
	text         strings.Builder
}

// drawTopology draws until the topology is one that the lab can build.
func drawTopology(t *testing.T, r *rand.Rand, hubs, spokes int) *topology.Topology {
	t.Helper()
	for range 100 {
		d := &drawer{Rand: r}
		text := d.draw(hubs, spokes)
		if topo, _, err := topology.Parse("drawn.yaml", []byte(text)); err == nil {
			return topo
		} else if testing.Verbose() {
			t.Logf("drawn again: %v", err)
		}
	}
	t.Fatal("no legal topology in 100 draws")
	return nil
}

func (d *drawer) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d *drawer, list []T) T { return list[d.IntN(len(list))] }

func (d *drawer) printf(format string, args ...any) { fmt.Fprintf(&d.text, format, args...) }

func (d *drawer) draw(hubs, spokes int) string {
	for i := range hubs {
		d.hubs = append(d.hubs, fmt.Sprintf("hub%d", i))
		d.appliances = append(d.appliances, fmt.Sprintf("10.%d.0.4", i), fmt.Sprintf("10.%d.0.4", i), fmt.Sprintf("10.%d.2.4", i))
		d.prefixes = append(d.prefixes, fmt.Sprintf("10.%d.0.0/16", i), fmt.Sprintf("10.%d.2.0/24", i))
	}
	for i := range spokes {
		d.spokes = append(d.spokes, fmt.Sprintf("spoke%d", i))
		d.prefixes = append(d.prefixes, fmt.Sprintf("10.%d.0.0/16", 10+i), fmt.Sprintf("10.%d.0.0/24", 10+i), fmt.Sprintf("10.%d.0.4/32", 10+i))
	}
	d.appliances = append(d.appliances, "10.0.0.99", "10.10.0.4")
	d.prefixes = append(d.prefixes, "0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/8", "192.168.0.0/16", "203.0.113.0/24")
	d.printf("name: drawn\n")
	d.networks()
	d.routeTables()
	d.securityGroups()
	d.machines()
	return d.text.String()
}

func (d *drawer) networks() {
	halves := d.peerings()
	d.printf("virtualNetworks:\n")
	for i, hub := range d.hubs {
		d.printf("  - name: %s\n    addressSpace: {addressPrefixes: [10.%d.0.0/16]}\n    subnets:\n", hub, i)
		d.printf("      - {name: AzureFirewallSubnet, addressPrefix: 10.%d.0.0/24, routeTable: {id: rt-%s-fw}}\n", i, hub)
		d.printf("      - {name: GatewaySubnet, addressPrefix: 10.%d.1.0/24, routeTable: {id: rt-%s-gw}}\n", i, hub)
		d.printf("      - {name: vms, addressPrefix: 10.%d.2.0/24, routeTable: {id: rt-%s-vms}%s}\n", i, hub, d.group())
		d.printf("    virtualNetworkPeerings: [%s]\n", strings.Join(halves[hub], ", "))
	}
	for i, spoke := range d.spokes {
		d.printf("  - name: %s\n    addressSpace: {addressPrefixes: [10.%d.0.0/16]}\n    subnets:\n", spoke, 10+i)
		d.printf("      - {name: vms, addressPrefix: 10.%d.0.0/24, routeTable: {id: rt-%s}%s}\n", 10+i, spoke, d.group())
		d.printf("    virtualNetworkPeerings: [%s]\n", strings.Join(halves[spoke], ", "))
	}
}

// peerings are the halves of each network, as text.
func (d *drawer) peerings() map[string][]string {
	halves := map[string][]string{}
	join := func(a, b string, transit bool) {
		if d.chance(95) {
			halves[a] = append(halves[a], d.half(b, transit, false))
		}
		if d.chance(95) {
			halves[b] = append(halves[b], d.half(a, false, transit))
		}
	}
	for i, hub := range d.hubs {
		for _, other := range d.hubs[i+1:] {
			if d.chance(80) {
				join(hub, other, false)
			}
		}
	}
	for i, spoke := range d.spokes {
		join(pick(d, d.hubs), spoke, d.chance(60))
		if i > 0 && d.chance(15) {
			join(spoke, d.spokes[d.IntN(i)], false)
		}
	}
	return halves
}

func (d *drawer) half(remote string, lends, borrows bool) string {
	text := fmt.Sprintf("{name: to-%s, remoteVirtualNetwork: {id: %s}", remote, remote)
	if d.chance(12) {
		text += ", allowForwardedTraffic: false"
	}
	if d.chance(4) {
		text += ", allowVirtualNetworkAccess: false"
	}
	if lends && d.chance(90) {
		text += ", allowGatewayTransit: true"
	}
	if borrows {
		text += ", useRemoteGateways: true"
	}
	return text + "}"
}

func (d *drawer) routeTables() {
	d.printf("routeTables:\n")
	for _, hub := range d.hubs {
		d.table("rt-"+hub+"-fw", 35)
		d.table("rt-"+hub+"-gw", 50)
		d.table("rt-"+hub+"-vms", 60)
	}
	for _, spoke := range d.spokes {
		d.table("rt-"+spoke, 90)
	}
}

func (d *drawer) table(name string, percent int) {
	d.printf("  - name: %s\n", name)
	if d.chance(15) {
		d.printf("    disableBgpRoutePropagation: true\n")
	}
	d.printf("    routes:\n")
	d.printf("      - {name: filler, addressPrefix: 172.31.255.0/24, nextHopType: None}\n")
	taken := map[string]bool{}
	for i := 0; i < 5 && d.chance(percent); i++ {
		prefix := pick(d, d.prefixes)
		if taken[prefix] {
			continue
		}
		taken[prefix] = true
		d.printf("      - {name: r%d, addressPrefix: %s, %s}\n", i, prefix, d.hop())
	}
}

func (d *drawer) hop() string {
	switch n := d.IntN(100); {
	case n < 80:
		return "nextHopType: VirtualAppliance, nextHopIpAddress: " + pick(d, d.appliances)
	case n < 86:
		return "nextHopType: None"
	case n < 91:
		return "nextHopType: Internet"
	case n < 96:
		return "nextHopType: VirtualNetworkGateway"
	}
	return "nextHopType: VnetLocal"
}

// group is a reference to a security group, or nothing.
func (d *drawer) group() string {
	if d.chance(70) {
		return ""
	}
	return fmt.Sprintf(", networkSecurityGroup: {id: nsg%d}", d.IntN(3))
}

func (d *drawer) securityGroups() {
	d.printf("networkSecurityGroups:\n")
	for i := range 3 {
		d.printf("  - name: nsg%d\n    securityRules:\n", i)
		d.printf("      - {name: filler, priority: 4000, direction: Inbound, access: Deny, protocol: Icmp, sourceAddressPrefix: \"*\", sourcePortRange: \"*\", destinationAddressPrefix: \"*\", destinationPortRange: \"*\"}\n")
		for j := range d.IntN(4) {
			d.printf("      - {name: s%d, priority: %d, direction: %s, access: %s, protocol: %s, sourceAddressPrefix: %q, sourcePortRange: \"*\", destinationAddressPrefix: %q, destinationPortRange: %q}\n",
				j, 100+10*j, pick(d, []string{"Inbound", "Outbound"}), pick(d, []string{"Allow", "Deny"}), pick(d, []string{"Udp", "Udp", "Tcp", `"*"`}),
				d.securityAddress(), d.securityAddress(), pick(d, []string{"*", "4000-6000", "5000", "80"}))
		}
	}
}

func (d *drawer) securityAddress() string {
	switch n := d.IntN(10); {
	case n < 4:
		return "*"
	case n < 6:
		return "VirtualNetwork"
	case n < 7:
		return "Internet"
	}
	return pick(d, d.prefixes)
}

func (d *drawer) machines() {
	d.printf("azureFirewalls:\n")
	for i, hub := range d.hubs {
		d.printf("  - {name: fw-%s, subnet: %s/AzureFirewallSubnet, privateIPAddress: 10.%d.0.4}\n", hub, hub, i)
	}
	d.printf("virtualMachines:\n")
	for i, hub := range d.hubs {
		d.printf("  - {name: nva-%s, subnet: %s/vms, privateIPAddress: 10.%d.2.4, enableIPForwarding: %v%s}\n", hub, hub, i, d.chance(70), d.group())
	}
	for i, spoke := range d.spokes {
		d.printf("  - {name: vm-%s, subnet: %s/vms, privateIPAddress: 10.%d.0.4%s}\n", spoke, spoke, 10+i, d.group())
	}
	if d.chance(40) {
		d.printf("virtualNetworkGateways:\n  - {name: gw, subnet: %s/GatewaySubnet, routes: [192.168.0.0/16], hosts: [{name: office, address: 192.168.0.10}]}\n", pick(d, d.hubs))
	}
	if d.chance(60) {
		d.printf("internet: {hosts: [{name: web, address: 203.0.113.10}]}\n")
	}
}
