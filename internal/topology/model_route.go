package topology

import "net/netip"

// RouteSource is where an effective route comes from, as Azure lists it.
type RouteSource string

// The sources of routes.
const (
	SourceDefault RouteSource = "Default"               // system route
	SourceGateway RouteSource = "VirtualNetworkGateway" // propagated by a gateway, with BGP
	SourceUser    RouteSource = "User"                  // route table
)

// RouteState is Active, or Invalid for a route that another one overrides.
type RouteState string

// The states of a route.
const (
	Active  RouteState = "Active"
	Invalid RouteState = "Invalid"
)

// EffectiveRoute is one line of a network interface's effective routes.
type EffectiveRoute struct {
	Name             string       `json:"name,omitempty"` // of the UDR; empty for system routes
	Source           RouteSource  `json:"source"`
	State            RouteState   `json:"state"`
	AddressPrefix    netip.Prefix `json:"addressPrefix"`
	NextHopType      NextHopType  `json:"nextHopType"`
	NextHopIPAddress netip.Addr   `json:"nextHopIpAddress,omitzero"` // zero except for VirtualAppliance
	// RouteTable, Peering and Gateway name what the route comes from, where it
	// does. A route of a gateway in a peered network has Peering and Gateway.
	RouteTable string `json:"routeTable,omitempty"`
	Peering    string `json:"peering,omitempty"`
	Gateway    string `json:"gateway,omitempty"`
}

// NetworkInterface is the one interface of a machine or firewall. Network and
// Subnet are what [Topology.EffectiveRoutes] and [Topology.NextHop] ask for.
type NetworkInterface struct {
	Owner   string // the machine's or firewall's name
	Network string
	Subnet  string
	Address netip.Addr
	// Forwards is true for firewalls and for machines with enableIPForwarding.
	Forwards bool
	Firewall bool
	// SecurityGroup is that of the interface itself, not of its subnet; empty
	// where it has none.
	SecurityGroup string
}
