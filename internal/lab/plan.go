package lab

import (
	"fmt"
	"net/netip"

	"github.com/sekisho/sekisho/internal/topology"
)

// The first numbers of the fabric's routing tables. A table keeps its number
// while the lab is up, because it depends on names only, never on routes.
const (
	subnetTables   = 10000 // one for each subnet of the topology
	deliveryTables = 20000 // one for each virtual network
	returnTables   = 30000 // one for each internet host
)

// The priorities of the fabric's rules: first the routes of the sender's
// subnet, and where these throw, the delivery table of its network.
const (
	subnetRules   = 1000
	deliveryRules = 2000
	returnRules   = 3000
)

var everywhere = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// plan is all that the fabric is told about routing; it is pure.
type plan struct {
	rules  []rule
	tables map[int][]route
}

// rule sends what comes in by a link, and from an address where one is given,
// to a table.
type rule struct {
	priority int
	link     string
	from     netip.Addr
	table    int
}

// route is one line of a table: RTN_THROW, RTN_BLACKHOLE, or RTN_UNICAST with
// the neighbour that the packet is handed to.
type route struct {
	prefix netip.Prefix
	kind   int
	to     neighbour
}

type neighbour struct {
	link    string
	address netip.Addr
}

func (n Node) neighbour() neighbour {
	if n.Kind == Gateway {
		return neighbour{n.Link, n.hop}
	}
	return neighbour{n.Link, n.Address}
}

// planner holds what the tables are made from.
type planner struct {
	topology *topology.Topology
	nodes    []Node
	// delivery has the nodes that a network reaches by itself, its own and
	// those of peered ones.
	delivery map[string][]Node
}

// makePlan computes the fabric's tables from the effective routes.
func makePlan(t *topology.Topology, nodes []Node) (plan, error) {
	p := planner{topology: t, nodes: nodes, delivery: map[string][]Node{}}
	result := plan{tables: map[int][]route{}}
	subnet := subnetTables
	for i, n := range t.VirtualNetworks {
		p.delivery[n.Name] = p.deliverable(n)
		result.tables[deliveryTables+i] = deliver(p.delivery[n.Name])
		for _, s := range n.Subnets {
			routes, err := p.subnetRoutes(n.Name, s.Name)
			if err != nil {
				return plan{}, fmt.Errorf("plan routes of subnet %s/%s: %w", n.Name, s.Name, err)
			}
			result.tables[subnet] = routes
			result.rules = append(result.rules, p.rulesOf(n.Name, s.Name, subnet, deliveryTables+i)...)
			subnet++
		}
	}
	p.addReturns(&result)
	return result, nil
}

// rulesOf lists the rules for the interfaces in one subnet.
func (p planner) rulesOf(network, subnet string, table, delivery int) []rule {
	var rules []rule
	for _, n := range p.nodes {
		if n.Network == network && n.Subnet == subnet {
			rules = append(rules,
				rule{priority: subnetRules, link: n.Link, table: table},
				rule{priority: deliveryRules, link: n.Link, table: delivery})
		}
	}
	return rules
}
