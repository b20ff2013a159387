package topology

import (
	"fmt"
	"slices"
	"strings"
)

func (c *checker) routeTables() {
	names := seen{}
	for i, table := range c.t.RouteTables {
		path := fmt.Sprintf("routeTables[%d]", i)
		c.named(names, path+".name", table.Name, "route table")
		routes, prefixes := seen{}, seen{}
		for j, r := range table.Routes {
			at := fmt.Sprintf("%s.routes[%d]", path, j)
			c.named(routes, at+".name", r.Name, "route of the table")
			if p, ok := c.prefix(at+".addressPrefix", r.AddressPrefix); ok {
				c.unique(prefixes, at+".addressPrefix", p.String(), "route of the table")
			}
			if hop, ok := c.hopType(at+".nextHopType", r.NextHopType); ok {
				c.hopAddress(at+".nextHopIpAddress", hop, r.NextHopIPAddress)
			}
		}
	}
}

// hopType returns the type in ARM's spelling.
func (c *checker) hopType(path string, given NextHopType) (NextHopType, bool) {
	hop, known := canonicalHop(given)
	switch {
	case given == "":
		c.fail(path, "", "the next hop type is missing", knownHere(writableHops))
	case !known:
		c.fail(path, string(given), "unknown next hop type", didYouMean(string(given), writableHops))
	case hop == VNetPeering:
		c.fail(path, string(given), "a route table cannot lead to a peering",
			"each peering makes its own routes; remove this one, or make the peering")
	default:
		c.gatewayThere(path, hop)
		return hop, true
	}
	return hop, false
}

func (c *checker) gatewayThere(path string, hop NextHopType) {
	if hop == ToGateway && len(c.t.VirtualNetworkGateways) == 0 {
		c.warn(path, string(hop), "the topology has no virtual network gateway; packets that take the route are lost",
			"add one to virtualNetworkGateways")
	}
}

// hopAddress checks that the address is there for appliances and for nothing
// else, and that a packet sent to it would be forwarded.
func (c *checker) hopAddress(path string, hop NextHopType, text string) {
	if hop != VirtualAppliance {
		if text != "" {
			c.fail(path, text, fmt.Sprintf("a route to %s has no next hop address", hop),
				fmt.Sprintf("remove it, or write nextHopType: %s", VirtualAppliance))
		}
		return
	}
	a, ok := c.address(path, text, c.applianceHint)
	if !ok {
		return
	}
	i := slices.IndexFunc(c.nics, hasAddress(a))
	switch {
	case i < 0:
		c.warn(path, text, "no network interface has this address; packets that take the route are lost", c.applianceHint())
	case !c.nics[i].Forwards:
		c.warn(path, text, fmt.Sprintf("machine %q does not forward; packets that take the route are lost", c.nics[i].Owner),
			"give it enableIPForwarding: true, or name a firewall")
	}
}

// applianceHint lists the addresses that forward.
func (c *checker) applianceHint() string {
	var list []string
	for _, nic := range c.nics {
		if nic.Forwards && nic.Address.Is4() {
			list = append(list, fmt.Sprintf("%s has %s", nic.Owner, nic.Address))
		}
	}
	if len(list) == 0 {
		return "the topology has nothing that forwards"
	}
	return strings.Join(list, ", ")
}
