package topology

import (
	"fmt"
	"net/netip"
)

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

// String shows the prefix, the next hop and where the route comes from, as in
// "0.0.0.0/0 → VirtualAppliance 10.1.0.4 (rt-spoke1/default)".
func (r EffectiveRoute) String() string {
	from := "system"
	switch {
	case r.RouteTable != "":
		from = r.RouteTable + "/" + r.Name
	case r.Gateway != "":
		from = "gateway " + r.Gateway
	case r.Peering != "":
		from = "peering " + r.Peering
	}
	hop := string(r.NextHopType)
	if r.NextHopIPAddress.IsValid() {
		hop += " " + r.NextHopIPAddress.String()
	}
	return fmt.Sprintf("%s → %s (%s)", r.AddressPrefix, hop, from)
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
