package topology

import "net/netip"

// Finding is one cause of trouble and all that it affects.
type Finding struct {
	Code FindingCode `json:"code"`
	// Pairs are the ways that are affected: what From sends does not arrive,
	// or goes past a firewall that sees what To sends.
	Pairs []Pair `json:"pairs"`
	// Where are the hops at which it goes wrong: the last node that had the
	// packet, or the one whose route leads past the firewalls; with the route.
	Where []Hop `json:"where"`
	// Firewalls are those that see only one direction, for Asymmetric.
	Firewalls []string `json:"firewalls,omitempty"`
	Text      string   `json:"text"`
	// Fix are changes to be made together. They are proved: with them, the
	// round trips between all pairs arrive and are symmetric, and no pair gets
	// trouble of a kind that it did not have. Empty where no such change of
	// routes, peerings, security rules and interfaces was found.
	Fix []Fix `json:"fix,omitempty"`
	// Instead are other changes to the same end, proved like Fix: to take a
	// peering away that leads past the firewalls.
	Instead []Fix `json:"instead,omitempty"`
}

// FindingCode says what kind of trouble it is: one of the codes here, or the
// end of a path that does not arrive.
type FindingCode string

const (
	// Asymmetric is the code of round trips that arrive, but of which a
	// firewall or appliance sees only one direction.
	Asymmetric FindingCode = "Asymmetric"
	// PeeringIncomplete is the code of paths that end before a network with
	// which a peering was begun: one of its halves is missing, or has
	// allowVirtualNetworkAccess: false.
	PeeringIncomplete FindingCode = "PeeringIncomplete"
)

// Pair is one direction between two endpoints.
type Pair struct {
	From Endpoint `json:"from"`
	To   Endpoint `json:"to"`
	// Port is the service's at To, where a security group denies it; the
	// finding is about no port in particular where it is 0.
	Port uint16 `json:"port,omitempty"`
}

// Endpoint stands for a subnet, or for a prefix on the premises behind a
// gateway.
type Endpoint struct {
	Name    string     `json:"name"`           // "network/subnet", or "gateway 10.100.0.0/16"
	Node    string     `json:"node,omitempty"` // the machine or host that stands for it, if there is one
	Address netip.Addr `json:"address"`
}

// Check looks at the way between each pair of subnets, in both directions, and
// at that to the premises behind gateways, and returns what is wrong, grouped
// by cause, in the order of the topology. Firewalls are taken to let everything
// through.
//
// A subnet is stood for by its first interface that does not forward, or where
// it has none by its first usable address. Subnets in which firewalls, gateways
// or appliances stand alone are no endpoints. Security groups are asked for
// TCP to the services of a machine or host, once its routes are right; what has
// no services could not be meant to be reached. The internet is no endpoint.
func (t *Topology) Check() []Finding {
	i := newInspection(t)
	i.inspect()
	return i.findings()
}
