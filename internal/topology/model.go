package topology

// Topology is one network as its file describes it. Field names are those of
// Azure's resources with their "properties" level left out; references that
// are resource ids in Azure are names here (a full resource id is accepted,
// its last part counts). After [Parse], references are the bare names, hop types
// and the words of security rules have ARM's spelling, and service kinds are
// filled in.
type Topology struct {
	Name                   string                 `yaml:"name"`
	Description            string                 `yaml:"description,omitempty"`
	VirtualNetworks        []VirtualNetwork       `yaml:"virtualNetworks"`
	RouteTables            []RouteTable           `yaml:"routeTables,omitempty"`
	NetworkSecurityGroups  []NetworkSecurityGroup `yaml:"networkSecurityGroups,omitempty"`
	VirtualNetworkGateways []Gateway              `yaml:"virtualNetworkGateways,omitempty"`
	AzureFirewalls         []Firewall             `yaml:"azureFirewalls,omitempty"`
	VirtualMachines        []VirtualMachine       `yaml:"virtualMachines,omitempty"`
	Internet               *Internet              `yaml:"internet,omitempty"`
}

// Reference names another resource, as Azure's {"id": "…"} does.
type Reference struct {
	ID string `yaml:"id" json:"id"`
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

// Subnet is a part of a virtual network, with at most one route table and one
// security group.
type Subnet struct {
	Name                 string     `yaml:"name"`
	AddressPrefix        string     `yaml:"addressPrefix"`
	RouteTable           *Reference `yaml:"routeTable,omitempty"`
	NetworkSecurityGroup *Reference `yaml:"networkSecurityGroup,omitempty"`
}

// Peering is one direction of a peering, as in Azure: each of the two
// networks has its own. One without the other has the state Initiated in Azure
// and carries nothing.
type Peering struct {
	Name                 string    `yaml:"name" json:"name"`
	RemoteVirtualNetwork Reference `yaml:"remoteVirtualNetwork" json:"remoteVirtualNetwork"`
	// AllowVirtualNetworkAccess is true where absent, as in Azure's portal.
	// False takes the remote network's prefixes out of this network's routes.
	AllowVirtualNetworkAccess *bool `yaml:"allowVirtualNetworkAccess,omitempty" json:"allowVirtualNetworkAccess,omitempty"`
	// AllowForwardedTraffic is true where absent. False drops what arrives in
	// this network from the remote one with a source address that is not the
	// remote network's own. What a gateway sends is never dropped.
	AllowForwardedTraffic *bool `yaml:"allowForwardedTraffic,omitempty" json:"allowForwardedTraffic,omitempty"`
	// AllowGatewayTransit lets the remote network use the gateways of this one,
	// if the other half has UseRemoteGateways.
	AllowGatewayTransit bool `yaml:"allowGatewayTransit,omitempty" json:"allowGatewayTransit,omitempty"`
	// UseRemoteGateways gives this network the routes of the remote network's
	// gateways. Azure allows it at one peering of a network that has no gateway.
	UseRemoteGateways bool `yaml:"useRemoteGateways,omitempty" json:"useRemoteGateways,omitempty"`
}

// RouteTable is Microsoft.Network/routeTables.
type RouteTable struct {
	Name string `yaml:"name"`
	// DisableBgpRoutePropagation keeps the routes of gateways out of the
	// subnets that have this table.
	DisableBgpRoutePropagation bool    `yaml:"disableBgpRoutePropagation,omitempty"`
	Routes                     []Route `yaml:"routes,omitempty"`
}

// Route is a user-defined route (UDR). Next hop types are read without regard
// to case and blanks, so the portal's "Virtual appliance" will do as well.
type Route struct {
	Name             string      `yaml:"name" json:"name"`
	AddressPrefix    string      `yaml:"addressPrefix" json:"addressPrefix"`
	NextHopType      NextHopType `yaml:"nextHopType" json:"nextHopType"`
	NextHopIPAddress string      `yaml:"nextHopIpAddress,omitempty" json:"nextHopIpAddress,omitempty"`
}

// NextHopType is where a route leads, with ARM's names.
type NextHopType string

// The hop types. VNetPeering comes from peerings only; it cannot be written in
// a route table.
const (
	VirtualAppliance NextHopType = "VirtualAppliance"
	VnetLocal        NextHopType = "VnetLocal"
	VNetPeering      NextHopType = "VNetPeering"
	ToGateway        NextHopType = "VirtualNetworkGateway"
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
	// NetworkSecurityGroup is that of the network interface; the subnet may
	// have one beside it.
	NetworkSecurityGroup *Reference `yaml:"networkSecurityGroup,omitempty"`
}
