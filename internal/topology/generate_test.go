package topology

import (
	"fmt"
	"net/netip"
	"unicode"

	"pgregory.net/rapid"
)

// drawTopology draws a valid topology, full of half peerings, peerings without
// access, overlapping routes, routes equal to system routes and next hops that
// nobody has: all that is legal.
func drawTopology(t *rapid.T) *Topology {
	top := &Topology{Name: drawName(t, "name"), Description: drawText(t, "description")}
	for i := range rapid.IntRange(1, 4).Draw(t, "networks") {
		top.VirtualNetworks = append(top.VirtualNetworks, drawNetwork(t, i))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "tables") {
		top.RouteTables = append(top.RouteTables, drawTable(t, top, i))
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "groups") {
		top.NetworkSecurityGroups = append(top.NetworkSecurityGroups, drawGroup(t, i))
	}
	drawGateways(t, top)
	for i := range top.VirtualNetworks {
		drawLinks(t, top, i)
	}
	drawMachines(t, top)
	if rapid.Bool().Draw(t, "internet") {
		top.Internet = &Internet{}
		for i := range rapid.IntRange(0, 2).Draw(t, "hosts") {
			top.Internet.Hosts = append(top.Internet.Hosts, Host{Name: fmt.Sprintf("host%d", i),
				Address: fmt.Sprintf("203.0.113.%d", i), Services: drawServices(t)})
		}
	}
	return top
}

// drawNetwork draws a network in one of several ranges, with whole reserved
// ranges among them, and up to three subnets.
func drawNetwork(t *rapid.T, i int) VirtualNetwork {
	n := VirtualNetwork{Name: drawName(t, "network") + fmt.Sprint(i)}
	prefix := netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", i))
	if i == 0 && rapid.Bool().Draw(t, "reserved range") {
		prefix = rapid.SampledFrom(unroutable[1:]).Draw(t, "range")
	}
	n.AddressSpace.AddressPrefixes = []string{prefix.String()}
	if rapid.Bool().Draw(t, "public") {
		n.AddressSpace.AddressPrefixes = append(n.AddressSpace.AddressPrefixes, fmt.Sprintf("198.18.%d.0/24", i))
	}
	for j := range rapid.IntRange(0, 3).Draw(t, "subnets") {
		a := prefix.Addr().As4()
		a[2] += byte(j)
		n.Subnets = append(n.Subnets, Subnet{Name: []string{"workload", firewallSubnet, gatewaySubnet}[j],
			AddressPrefix: netip.PrefixFrom(netip.AddrFrom4(a), 24).String()})
	}
	return n
}

func drawTable(t *rapid.T, top *Topology, i int) RouteTable {
	table := RouteTable{Name: fmt.Sprintf("rt%d", i), DisableBgpRoutePropagation: rapid.Bool().Draw(t, "no propagation")}
	taken := map[netip.Prefix]bool{}
	for j := range rapid.IntRange(0, 6).Draw(t, "routes") {
		p := drawPrefix(t, top)
		if taken[p] {
			continue
		}
		taken[p] = true
		r := Route{Name: fmt.Sprintf("r%d", j), AddressPrefix: p.String(),
			NextHopType: NextHopType(rapid.SampledFrom(writableHops).Draw(t, "hop"))}
		if r.NextHopType == VirtualAppliance {
			r.NextHopIPAddress = drawAddress(t).String()
		}
		table.Routes = append(table.Routes, r)
	}
	return table
}

// drawPrefix draws one that meets others often: 0.0.0.0/0, a reserved range,
// a network's own, or any prefix around the networks' addresses.
func drawPrefix(t *rapid.T, top *Topology) netip.Prefix {
	known := append([]netip.Prefix{defaultRoute}, unroutable...)
	for _, n := range top.VirtualNetworks {
		own, _ := n.prefixes()
		known = append(known, own...)
	}
	if rapid.Bool().Draw(t, "known prefix") {
		return rapid.SampledFrom(known).Draw(t, "prefix")
	}
	return netip.PrefixFrom(drawAddress(t), rapid.IntRange(0, 32).Draw(t, "bits")).Masked()
}

// drawAddress draws addresses in and next to the networks.
func drawAddress(t *rapid.T) netip.Addr {
	first := rapid.SampledFrom([]byte{10, 100, 172, 192, 198, 203}).Draw(t, "first byte")
	second := rapid.SampledFrom([]byte{0, 1, 2, 3, 16, 18, 64, 168}).Draw(t, "second byte")
	return netip.AddrFrom4([4]byte{first, second, rapid.ByteRange(0, 2).Draw(t, "third byte"), rapid.Byte().Draw(t, "last byte")})
}

// drawLinks draws what refers to other resources: tables and peerings.
func drawLinks(t *rapid.T, top *Topology, i int) {
	n := &top.VirtualNetworks[i]
	borrows := len(top.gatewaysIn(n.Name)) == 0
	for j := range n.Subnets {
		n.Subnets[j].NetworkSecurityGroup = drawGroupReference(t, top)
		if len(top.RouteTables) > 0 && rapid.Bool().Draw(t, "has table") {
			n.Subnets[j].RouteTable = &Reference{ID: rapid.SampledFrom(top.tableNames()).Draw(t, "table")}
		}
	}
	for j, remote := range top.VirtualNetworks {
		if i == j || !rapid.Bool().Draw(t, "peered") {
			continue
		}
		p := Peering{Name: fmt.Sprintf("to%d", j), RemoteVirtualNetwork: Reference{ID: remote.Name}}
		p.AllowVirtualNetworkAccess = rapid.Ptr(rapid.Bool(), true).Draw(t, "access")
		p.AllowForwardedTraffic = rapid.Ptr(rapid.Bool(), true).Draw(t, "forwarded")
		p.AllowGatewayTransit = rapid.Bool().Draw(t, "transit")
		p.UseRemoteGateways = borrows && rapid.Bool().Draw(t, "borrows")
		borrows = borrows && !p.UseRemoteGateways
		n.VirtualNetworkPeerings = append(n.VirtualNetworkPeerings, p)
	}
}

func drawMachines(t *rapid.T, top *Topology) {
	for i, n := range top.VirtualNetworks {
		for j, s := range n.Subnets {
			if s.Name == gatewaySubnet {
				continue
			}
			full := n.Name + "/" + s.Name
			a := netip.MustParsePrefix(s.AddressPrefix).Addr().As4()
			a[3] = rapid.ByteRange(4, 254).Draw(t, "host byte")
			address := netip.AddrFrom4(a).String()
			if rapid.Bool().Draw(t, "firewall") {
				top.AzureFirewalls = append(top.AzureFirewalls, Firewall{Name: fmt.Sprintf("fw%d-%d", i, j),
					Subnet: full, PrivateIPAddress: address, FirewallPolicy: &Reference{ID: "../policies/" + drawText(t, "policy")}})
				continue
			}
			top.VirtualMachines = append(top.VirtualMachines, VirtualMachine{Name: fmt.Sprintf("vm%d-%d", i, j),
				Subnet: full, PrivateIPAddress: address, Services: drawServices(t),
				EnableIPForwarding: rapid.Bool().Draw(t, "forwards"), NetworkSecurityGroup: drawGroupReference(t, top)})
		}
	}
}

func drawServices(t *rapid.T) []Service {
	var list []Service
	for i := range rapid.IntRange(0, 2).Draw(t, "services") {
		list = append(list, Service{Name: fmt.Sprintf("s%d", i), Port: uint16(rapid.IntRange(1, 60000).Draw(t, "port")/2*2 + 1 + i),
			Kind: ServiceKind(rapid.SampledFrom(serviceKinds).Draw(t, "kind"))})
	}
	if len(list) == 2 && list[0].Port == list[1].Port {
		list = list[:1]
	}
	return list
}

// drawName draws names that YAML might take for something else.
func drawName(t *rapid.T, label string) string {
	odd := rapid.SampledFrom([]string{"null", "true", "1", "1e3", "0x10", "2001-01-01", "no", "1.0", "0b1", "0o7", "1_000", "inf"})
	any := rapid.StringMatching(`[A-Za-z0-9][A-Za-z0-9._-]{0,9}`)
	return rapid.OneOf(odd, any).Draw(t, label)
}

// drawText draws text with what YAML treats specially.
func drawText(t *rapid.T, label string) string {
	printable := rapid.StringOf(rapid.RuneFrom(nil, unicode.Letter, unicode.Punct, unicode.Symbol, unicode.Zs))
	return rapid.OneOf(rapid.StringMatching(`[ -~]{0,20}`), rapid.StringMatching(`([a-z:#'"{}-]|\n| |\t){0,20}`), printable).Draw(t, label)
}
