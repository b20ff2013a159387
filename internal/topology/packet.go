package topology

import (
	"net/netip"
	"slices"
)

// Packet is what a path is asked for: the first packet of a flow, or with
// Reply one that answers it.
type Packet struct {
	Source      netip.Addr `json:"source"`
	Destination netip.Addr `json:"destination"`
	Protocol    uint8      `json:"protocol"` // IANA's number
	// The ports are 0 for protocols that have none.
	SourcePort      uint16 `json:"sourcePort,omitempty"`
	DestinationPort uint16 `json:"destinationPort,omitempty"`
	// Reply says that the packet answers one that was admitted: security groups
	// are stateful and let it through wherever the request has passed.
	Reply bool `json:"reply,omitempty"`
}

// Answer returns the packet that goes the other way in the same flow.
func (p Packet) Answer() Packet {
	return Packet{Source: p.Destination, Destination: p.Source, Protocol: p.Protocol,
		SourcePort: p.DestinationPort, DestinationPort: p.SourcePort, Reply: !p.Reply}
}

// NodeKind is what a node of a path is.
type NodeKind string

// The kinds of nodes.
const (
	MachineNode  NodeKind = "machine"
	FirewallNode NodeKind = "firewall"
	GatewayNode  NodeKind = "gateway"
	InternetNode NodeKind = "internet"   // an address of the internet
	PremisesNode NodeKind = "onPremises" // an address behind a gateway
	AddressNode  NodeKind = "address"    // an address of a subnet that no interface has
)

// Hop is one node of a path, and the route by which it sends the packet on.
type Hop struct {
	// Node is the name of a machine, firewall, gateway or host, or an address
	// that has no name.
	Node    string     `json:"node"`
	Kind    NodeKind   `json:"kind"`
	Address netip.Addr `json:"address,omitzero"` // zero for gateways
	Network string     `json:"network,omitempty"`
	Subnet  string     `json:"subnet,omitempty"`
	// Table is the route table of the node's subnet, whether or not the route
	// comes from there.
	Table string `json:"table,omitempty"`
	// Route is the one chosen here; zero where the path ends before one is
	// chosen, and for hosts, which have no effective routes.
	Route EffectiveRoute `json:"route,omitzero"`
	// Security are the rules that were asked here, in this order: the inbound
	// ones, then the outbound ones.
	Security []SecurityDecision `json:"security,omitempty"`
}

// SecurityDecision is what one security group did with a packet.
type SecurityDecision struct {
	Group string `json:"group"`
	// At is the interface's owner, or the subnet as "network/subnet".
	At        string            `json:"at"`
	Direction SecurityDirection `json:"direction"`
	Rule      string            `json:"rule"`
	Priority  int               `json:"priority"`
	Default   bool              `json:"default,omitempty"`
	Access    SecurityAccess    `json:"access"`
}

// Path is the way of a packet in one direction.
type Path struct {
	Packet Packet  `json:"packet"`
	Hops   []Hop   `json:"hops"`
	End    PathEnd `json:"end"`
	// Missing is the address that nobody has, for NoInterface and NoNextHop;
	// zero where the next hop is a gateway.
	Missing netip.Addr `json:"missing,omitzero"`
	// Network and Peering name the half of a peering for PeeringBlocked.
	Network string `json:"network,omitempty"`
	Peering string `json:"peering,omitempty"`
	// Denied is the last of the rules that were asked, for SecurityDenied.
	Denied *SecurityDecision `json:"denied,omitempty"`
	// Loop are the hops that the packet takes again and again.
	Loop []Hop `json:"loop,omitempty"`
}

// Nodes lists the names of the hops.
func (p Path) Nodes() []string {
	return namesOf(p.Hops, func(h Hop) string { return h.Node })
}

// stateful lists the firewalls and appliances that have to pass the packet on.
// The sender and the receiver are none, and gateways keep no state.
func (p Path) stateful() []string {
	var names []string
	for i, h := range p.Hops {
		passes := i > 0 && h.Route.State != ""
		if passes && (h.Kind == FirewallNode || h.Kind == MachineNode) {
			names = append(names, h.Node)
		}
	}
	return names
}

// RoundTrip is the way of a request and that of its reply.
type RoundTrip struct {
	There Path `json:"there"`
	Back  Path `json:"back"`
}

// Arrives reports whether request and reply get to their destinations.
func (r RoundTrip) Arrives() bool { return r.There.Arrives() && r.Back.Arrives() }

// Asymmetric lists the firewalls and appliances that see only one direction of
// the flow, first those on the way there. A stateful firewall among them takes
// what it sees for INVALID. The list is empty where the request does not
// arrive, because nothing answers it then.
func (r RoundTrip) Asymmetric() []string {
	if !r.There.Arrives() {
		return nil
	}
	return difference(r.There.stateful(), r.Back.stateful())
}

// difference lists what is in one of the lists only.
func difference(a, b []string) []string {
	var only []string
	for _, name := range a {
		if !slices.Contains(b, name) {
			only = append(only, name)
		}
	}
	for _, name := range b {
		if !slices.Contains(a, name) {
			only = append(only, name)
		}
	}
	return only
}
