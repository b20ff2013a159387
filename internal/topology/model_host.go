package topology

// Gateway is Microsoft.Network/virtualNetworkGateways, with what lies behind
// it. A virtual network may have several.
type Gateway struct {
	Name   string `yaml:"name"`
	Subnet string `yaml:"subnet"` // "network/GatewaySubnet"
	// Routes are the prefixes that the gateway knows on its other side and
	// propagates by BGP to its own network and, by gateway transit, to peered
	// ones. They are given; nobody speaks BGP here.
	Routes []string `yaml:"routes,omitempty"`
	// Hosts are on the premises behind the gateway: what they send enters by
	// this gateway. Their addresses lie in its routes.
	Hosts []Host `yaml:"hosts,omitempty"`
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

// Host is an address outside of all virtual networks, with services: a public
// one on the internet, or one of the premises behind a gateway. Hosts share one
// name space with machines and firewalls.
type Host struct {
	Name     string    `yaml:"name"`
	Address  string    `yaml:"address"`
	Services []Service `yaml:"services,omitempty"`
}
