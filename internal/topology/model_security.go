package topology

// NetworkSecurityGroup is Microsoft.Network/networkSecurityGroups. Behind the
// rules written here stand those that Azure gives to every group; see
// [Topology.EffectiveSecurityRules].
type NetworkSecurityGroup struct {
	Name          string         `yaml:"name"`
	SecurityRules []SecurityRule `yaml:"securityRules,omitempty"`
}

// SecurityRule says what happens to the first packet of a flow in one
// direction. Of the singular and plural form of a field exactly one is given,
// as in Azure. Words are read without regard to case.
type SecurityRule struct {
	Name      string            `yaml:"name" json:"name"`
	Priority  int               `yaml:"priority" json:"priority"` // 100 to 4096; the lowest number is asked first
	Direction SecurityDirection `yaml:"direction" json:"direction"`
	Access    SecurityAccess    `yaml:"access" json:"access"`
	Protocol  SecurityProtocol  `yaml:"protocol" json:"protocol"`
	// Addresses are IPv4 prefixes, single addresses or one of the tags.
	SourceAddressPrefix        string   `yaml:"sourceAddressPrefix,omitempty" json:"sourceAddressPrefix,omitempty"`
	SourceAddressPrefixes      []string `yaml:"sourceAddressPrefixes,omitempty" json:"sourceAddressPrefixes,omitempty"`
	DestinationAddressPrefix   string   `yaml:"destinationAddressPrefix,omitempty" json:"destinationAddressPrefix,omitempty"`
	DestinationAddressPrefixes []string `yaml:"destinationAddressPrefixes,omitempty" json:"destinationAddressPrefixes,omitempty"`
	// Ports are numbers, ranges as "8000-8099", or "*".
	SourcePortRange       string   `yaml:"sourcePortRange,omitempty" json:"sourcePortRange,omitempty"`
	SourcePortRanges      []string `yaml:"sourcePortRanges,omitempty" json:"sourcePortRanges,omitempty"`
	DestinationPortRange  string   `yaml:"destinationPortRange,omitempty" json:"destinationPortRange,omitempty"`
	DestinationPortRanges []string `yaml:"destinationPortRanges,omitempty" json:"destinationPortRanges,omitempty"`
}

// SecurityDirection is seen from the network interface.
type SecurityDirection string

// The directions.
const (
	Inbound  SecurityDirection = "Inbound"
	Outbound SecurityDirection = "Outbound"
)

// SecurityAccess is what a rule does with what it matches.
type SecurityAccess string

// The actions of security rules.
const (
	AccessAllow SecurityAccess = "Allow"
	AccessDeny  SecurityAccess = "Deny"
)

// SecurityProtocol is a protocol by ARM's name.
type SecurityProtocol string

// The protocols.
const (
	ProtocolTCP  SecurityProtocol = "Tcp"
	ProtocolUDP  SecurityProtocol = "Udp"
	ProtocolICMP SecurityProtocol = "Icmp"
	ProtocolAny  SecurityProtocol = "*"
)

// The service tags that stand for addresses of the topology itself, and the
// sign for all addresses and ports. Azure has some hundred more tags, for the
// addresses of its services.
const (
	TagVirtualNetwork = "VirtualNetwork"
	TagInternet       = "Internet"
	TagLoadBalancer   = "AzureLoadBalancer"
	Any               = "*"
)
