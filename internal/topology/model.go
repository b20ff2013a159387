package topology

import "net/netip"

// Topology is one network as its file describes it. Field names are those of
// Azure's resources with their "properties" level left out; references that
// are resource ids in Azure are names here (a full resource id is accepted,
// its last part counts). After [Parse], references are the bare names, hop types
// have ARM's spelling and service kinds are filled in.
type Topology struct {
	Name            string           `yaml:"name"`
	Description     string           `yaml:"description,omitempty"`
	VirtualNetworks []VirtualNetwork `yaml:"virtualNetworks"`
	RouteTables     []RouteTable     `yaml:"routeTables,omitempty"`
	AzureFirewalls  []Firewall       `yaml:"azureFirewalls,omitempty"`
	VirtualMachines []VirtualMachine `yaml:"virtualMachines,omitempty"`
	Internet        *Internet        `yaml:"internet,omitempty"`
}

// Reference names another resource, as Azure's {"id": "…"} does.
type Reference struct {
	ID string `yaml:"id"`
}

// VirtualNetwork is Microsoft.Network/virtualNetworks. Address spaces of
// different networks never overlap: Azure does not peer networks that do, and
// the lab delivers packets by address.
type VirtualNetwork struct {
	Name                   string       `yaml:"name"`
	AddressSpace           AddressSpace `yaml:"addressSpace"`
	Subnets                []Subnet     `yaml:"subnets"`
	VirtualNetworkPeerings []Peering    `yaml:"virtualNetworkPeerings,omitempty"`
}

// AddressSpace is a list of IPv4 prefixes in CIDR form, as "10.1.0.0/24".
type AddressSpace struct {
	AddressPrefixes []string `yaml:"addressPrefixes"`
}

// Subnet is a part of a virtual network, with at most one route table.
type Subnet struct {
	Name          string     `yaml:"name"`
	AddressPrefix string     `yaml:"addressPrefix"`
	RouteTable    *Reference `yaml:"routeTable,omitempty"`
}

// Peering is one direction of a peering, as in Azure: each of the two
// networks has its own. One without the other has the state Initiated in Azure
// and carries nothing.
type Peering struct {
	Name                 string    `yaml:"name"`
	RemoteVirtualNetwork Reference `yaml:"remoteVirtualNetwork"`
	// AllowVirtualNetworkAccess is true where absent, as in Azure's portal.
	// False takes the remote network's prefixes out of this network's routes.
	AllowVirtualNetworkAccess *bool `yaml:"allowVirtualNetworkAccess,omitempty"`
	// AllowForwardedTraffic is read and kept; traffic is let through as if it
	// were true, and false gives a warning.
	AllowForwardedTraffic *bool `yaml:"allowForwardedTraffic,omitempty"`
}

// RouteTable is Microsoft.Network/routeTables.
type RouteTable struct {
	Name   string  `yaml:"name"`
	Routes []Route `yaml:"routes,omitempty"`
}

// Route is a user-defined route (UDR). Next hop types are read without regard
// to case and blanks, so the portal's "Virtual appliance" will do as well.
type Route struct {
	Name             string      `yaml:"name"`
	AddressPrefix    string      `yaml:"addressPrefix"`
	NextHopType      NextHopType `yaml:"nextHopType"`
	NextHopIPAddress string      `yaml:"nextHopIpAddress,omitempty"`
}

// NextHopType is where a route leads, with ARM's names.
type NextHopType string

// The hop types. VNetPeering comes from peerings only; it cannot be written in
// a route table.
const (
	VirtualAppliance NextHopType = "VirtualAppliance"
	VnetLocal        NextHopType = "VnetLocal"
	VNetPeering      NextHopType = "VNetPeering"
	ToInternet       NextHopType = "Internet"
	None             NextHopType = "None"
)

// Firewall is Microsoft.Network/azureFirewalls with one interface.
type Firewall struct {
	Name             string `yaml:"name"`
	Subnet           string `yaml:"subnet"` // "network/subnet", or the subnet's resource id
	PrivateIPAddress string `yaml:"privateIPAddress"`
	// FirewallPolicy is a policy file, relative to the topology's own folder;
	// without one everything is denied.
	FirewallPolicy *Reference `yaml:"firewallPolicy,omitempty"`
}

// VirtualMachine is Microsoft.Compute/virtualMachines with one network
// interface, whose fields are written here.
type VirtualMachine struct {
	Name             string    `yaml:"name"`
	Subnet           string    `yaml:"subnet"` // "network/subnet"
	PrivateIPAddress string    `yaml:"privateIPAddress"`
	Services         []Service `yaml:"services,omitempty"`
	// EnableIPForwarding lets the machine forward packets, as a network
	// virtual appliance does.
	EnableIPForwarding bool `yaml:"enableIPForwarding,omitempty"`
}

// Service listens on a TCP port of a machine.
type Service struct {
	Name string      `yaml:"name"`
	Port uint16      `yaml:"port"`
	Kind ServiceKind `yaml:"kind,omitempty"` // echo where absent
}

// ServiceKind is what answers on the port.
type ServiceKind string

// The kinds of service.
const (
	Echo    ServiceKind = "echo"    // sends back what it gets, closes after the client
	HTTP    ServiceKind = "http"    // answers each request with 200 and the machine's name
	SSH     ServiceKind = "ssh"     // OpenSSH's sshd
	Closer  ServiceKind = "closer"  // sends one line and closes first
	Discard ServiceKind = "discard" // reads and says nothing
)

// Internet is what lies behind the next hop type Internet.
type Internet struct {
	Hosts []Host `yaml:"hosts,omitempty"`
}

// Host is a public address with services. Hosts share one name space with
// machines and firewalls.
type Host struct {
	Name     string    `yaml:"name"`
	Address  string    `yaml:"address"`
	Services []Service `yaml:"services,omitempty"`
}

// RouteSource is where an effective route comes from, as Azure lists it.
type RouteSource string

// The sources of routes.
const (
	SourceDefault RouteSource = "Default" // system route
	SourceUser    RouteSource = "User"    // route table
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
	// RouteTable and Peering name what the route comes from, where it does.
	RouteTable string `json:"routeTable,omitempty"`
	Peering    string `json:"peering,omitempty"`
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
}
