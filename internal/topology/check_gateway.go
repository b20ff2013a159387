package topology

import (
	"fmt"
	"net/netip"
	"slices"
)

func (c *checker) gateways() {
	routes := map[string]seen{} // of each network
	for i, g := range c.t.VirtualNetworkGateways {
		path := fmt.Sprintf("virtualNetworkGateways[%d]", i)
		c.node(path+".name", g.Name)
		c.subnetOf(path+".subnet", g.Subnet)
		network, subnet, ok := splitSubnet(g.Subnet)
		if ok && subnet != gatewaySubnet {
			c.warn(path+".subnet", g.Subnet, "Azure puts a gateway only in a subnet of the name "+gatewaySubnet,
				"give the gateway a subnet of its own")
		}
		if routes[network] == nil {
			routes[network] = seen{}
		}
		c.hostsBehind(path+".hosts", g, c.gatewayRoutes(path+".routes", g, routes[network]))
	}
}

// gatewayRoutes returns the prefixes of g that are good.
func (c *checker) gatewayRoutes(path string, g Gateway, taken seen) []netip.Prefix {
	var good []netip.Prefix
	for i, text := range g.Routes {
		at := fmt.Sprintf("%s[%d]", path, i)
		p, ok := c.prefix(at, text)
		if !ok || !c.unique(taken, at, p.String(), "gateway route of the network") {
			continue
		}
		good = append(good, p)
		if owner, ok := c.networkWith(p); ok {
			c.warn(at, text, fmt.Sprintf("the route has no effect beside network %q", owner),
				"Azure prefers the routes of virtual networks to what a gateway propagates")
		}
	}
	return good
}

// networkWith finds the network whose address space contains the prefix.
func (c *checker) networkWith(p netip.Prefix) (string, bool) {
	for _, n := range c.t.VirtualNetworks {
		prefixes, _ := n.prefixes()
		if slices.ContainsFunc(prefixes, func(own netip.Prefix) bool { return containsPrefix(own, p) }) {
			return n.Name, true
		}
	}
	return "", false
}

// hostsBehind checks the hosts on a gateway's other side.
func (c *checker) hostsBehind(path string, g Gateway, routes []netip.Prefix) {
	const hint = "write an address of the premises, as in 10.100.0.4"
	for i, h := range g.Hosts {
		at := fmt.Sprintf("%s[%d]", path, i)
		c.node(at+".name", h.Name)
		c.services(at+".services", h.Services)
		a, ok := c.address(at+".address", h.Address, func() string { return hint })
		if !ok || !c.unique(c.hosts, at+".address", h.Address, "host") || !c.outside(at+".address", a, hint) {
			continue
		}
		known := slices.ContainsFunc(routes, func(p netip.Prefix) bool { return p.Contains(a) })
		if !known && len(routes) == len(g.Routes) {
			c.warn(at+".address", h.Address, fmt.Sprintf("no route of gateway %q leads to the host", g.Name),
				"add a prefix with this address to its routes")
		}
	}
}

// gatewayTable checks the route table of a GatewaySubnet, where Azure forbids
// two things.
func (c *checker) gatewayTable(path string, s Subnet) {
	table, err := c.t.table(s.RouteTable.name())
	if s.Name != gatewaySubnet || err != nil {
		return
	}
	if table.DisableBgpRoutePropagation {
		c.warn(path, s.RouteTable.ID, "the table keeps the routes of gateways away from the gateway itself",
			"Azure's gateway does not work so; leave disableBgpRoutePropagation out of this table")
	}
	if table.find(hasPrefix(defaultRoute.String())) >= 0 {
		c.warn(path, s.RouteTable.ID, "the table has a route for 0.0.0.0/0, which Azure does not allow in "+gatewaySubnet,
			"write a route for each spoke")
	}
}
