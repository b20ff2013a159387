package topology

import (
	"net/netip"
	"slices"
)

// Resolver answers questions about paths. It remembers what it has computed,
// the effective routes above all, so one Resolver should answer all questions
// about a topology; [Topology.Path] makes a new one each time. It is not safe
// for concurrent use.
type Resolver struct {
	topology  *Topology
	networks  map[string]*networkView
	places    []*place
	nodes     map[netip.Addr]*node
	gateways  map[string]*node
	routes    map[routesKey]*routeIndex
	tags      map[routesKey]tagPrefixes
	securing  map[securityKey][]EffectiveSecurityRule
	premises  []premises
	forwarded []*node // firewalls and machines that forward
	standIns  []*node // for subnets and prefixes without one; only Check has them
}

// node is what sends, receives or forwards packets.
type node struct {
	name     string
	kind     NodeKind
	address  netip.Addr
	place    *place // nil for hosts, which are in no subnet
	forwards bool
	group    string // of the interface
	via      *node  // the gateway before a host on the premises
}

// place is a subnet.
type place struct {
	id      int // its number in the topology
	network *networkView
	subnet  string
	prefix  netip.Prefix
	table   string
	group   string
}

func (p *place) name() string { return p.network.name + "/" + p.subnet }

// routesKey is what effective routes depend on: subnets of one network with
// the same table have the same ones.
type routesKey struct{ network, table string }

type networkView struct {
	name     string
	prefixes []netip.Prefix
	peerings map[string]Peering // by the remote network: those that carry something
	halves   map[string]Peering // by the remote network: all that are written
}

// reaches reports whether a packet can be handed to an interface in the other
// network directly.
func (n *networkView) reaches(other *networkView) bool {
	_, ok := n.peerings[other.name]
	return ok || n == other
}

func (n *networkView) contains(a netip.Addr) bool {
	return slices.ContainsFunc(n.prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (r *Resolver) place(network, subnet string) *place {
	i := slices.IndexFunc(r.places, func(p *place) bool { return p.network.name == network && p.subnet == subnet })
	if i < 0 {
		return nil
	}
	return r.places[i]
}

// routesOf returns the effective routes of a subnet.
func (r *Resolver) routesOf(p *place) *routeIndex {
	key := routesKey{p.network.name, p.table}
	x, ok := r.routes[key]
	if !ok {
		routes, _ := r.topology.EffectiveRoutes(p.network.name, p.subnet) // a valid topology has no errors
		x = newRouteIndex(routes)
		r.routes[key] = x
	}
	return x
}
