package topology

import (
	"fmt"
	"net/netip"

	"pgregory.net/rapid"
)

// drawGateways draws gateways in subnets that are for them. What they know
// meets the networks' prefixes often, and they may know everything.
func drawGateways(t *rapid.T, top *Topology) {
	for i, n := range top.VirtualNetworks {
		if len(n.Subnets) < 3 || !rapid.Bool().Draw(t, "gateway") {
			continue
		}
		g := Gateway{Name: fmt.Sprintf("gw%d", i), Subnet: n.Name + "/" + gatewaySubnet}
		taken := map[netip.Prefix]bool{}
		for range rapid.IntRange(0, 3).Draw(t, "gateway routes") {
			if p := drawPrefix(t, top); !taken[p] {
				taken[p] = true
				g.Routes = append(g.Routes, p.String())
			}
		}
		for j := range rapid.IntRange(0, 2).Draw(t, "hosts behind") {
			g.Hosts = append(g.Hosts, Host{Name: fmt.Sprintf("dc%d-%d", i, j),
				Address: fmt.Sprintf("198.19.%d.%d", i, j), Services: drawServices(t)})
		}
		top.VirtualNetworkGateways = append(top.VirtualNetworkGateways, g)
	}
}

func drawGroup(t *rapid.T, i int) NetworkSecurityGroup {
	g := NetworkSecurityGroup{Name: fmt.Sprintf("nsg%d", i)}
	for j := range rapid.IntRange(0, 3).Draw(t, "security rules") {
		r := SecurityRule{Name: fmt.Sprintf("rule%d", j), Priority: firstPriority + j,
			Direction: rapid.SampledFrom(directions).Draw(t, "direction"),
			Access:    rapid.SampledFrom(accesses).Draw(t, "access"),
			Protocol:  rapid.SampledFrom(protocols).Draw(t, "protocol")}
		r.SourceAddressPrefix, r.SourceAddressPrefixes = drawOneOf(t, drawSecurityPrefix)
		r.DestinationAddressPrefix, r.DestinationAddressPrefixes = drawOneOf(t, drawSecurityPrefix)
		r.SourcePortRange, r.SourcePortRanges = drawOneOf(t, drawPorts)
		r.DestinationPortRange, r.DestinationPortRanges = drawOneOf(t, drawPorts)
		g.SecurityRules = append(g.SecurityRules, r)
	}
	return g
}

// drawOneOf draws the singular or the plural form of a field.
func drawOneOf(t *rapid.T, draw func(*rapid.T) string) (string, []string) {
	if rapid.Bool().Draw(t, "singular") {
		return draw(t), nil
	}
	var list []string
	for range rapid.IntRange(1, 2).Draw(t, "values") {
		list = append(list, draw(t))
	}
	return "", list
}

func drawSecurityPrefix(t *rapid.T) string {
	switch rapid.IntRange(0, 2).Draw(t, "kind of prefix") {
	case 0:
		return rapid.SampledFrom(tags).Draw(t, "tag")
	case 1:
		return drawAddress(t).String()
	}
	return netip.PrefixFrom(drawAddress(t), rapid.IntRange(0, 32).Draw(t, "bits")).Masked().String()
}

func drawPorts(t *rapid.T) string {
	first := rapid.Uint16().Draw(t, "first port")
	last := rapid.Uint16Range(first, 65535).Draw(t, "last port")
	return rapid.SampledFrom([]string{Any, fmt.Sprint(first), fmt.Sprintf("%d-%d", first, last)}).Draw(t, "ports")
}

func drawGroupReference(t *rapid.T, top *Topology) *Reference {
	if len(top.NetworkSecurityGroups) == 0 || !rapid.Bool().Draw(t, "has group") {
		return nil
	}
	return &Reference{ID: rapid.SampledFrom(top.groupNames()).Draw(t, "group")}
}
