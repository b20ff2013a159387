package lab

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/topology"
)

// Kind is what a node stands for.
type Kind string

const (
	Firewall Kind = "firewall"
	Machine  Kind = "machine"
	Gateway  Kind = "gateway" // the way to its premises, whose hosts live in its namespace
	Host     Kind = "host"    // an address of the internet, or of the premises behind a gateway
)

// The namespaces that every lab has beside those of its nodes.
const (
	fabricNode   = "fabric"
	internetNode = "internet"
)

// Node is a machine, a firewall, a gateway or a host outside in a lab.
type Node struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Namespace is for "ip netns exec"; all internet hosts share one, and so do
	// those behind one gateway, with it.
	Namespace string `json:"namespace"`
	// Address is absent of gateways.
	Address  netip.Addr `json:"address,omitzero"`
	Network  string     `json:"network,omitempty"`
	Subnet   string     `json:"subnet,omitempty"`
	Forwards bool       `json:"forwards,omitempty"`
	// Gateway is, of a host on premises, the one that it is behind.
	Gateway string `json:"gateway,omitempty"`
	// Link is the fabric's end of the node's eth0; hosts have none.
	Link     string    `json:"link,omitempty"`
	Services []Service `json:"services,omitempty"`

	policy string // of a firewall, as the topology names it
	// Of a gateway: what packets to it are handed to, and the prefixes that
	// are on its premises.
	hop      netip.Addr
	premises []netip.Prefix
}

// Service is a TCP port of a node and what answers there.
type Service struct {
	Name string               `json:"name"`
	Port uint16               `json:"port"`
	Kind topology.ServiceKind `json:"kind"`
}

// legalName is what is safe in file names, for lab and node alike. 32 of them
// for each leave room in the 107 characters of a socket's path.
var legalName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$`)

func checkName(what, name string) error {
	if legalName.MatchString(name) {
		return nil
	}
	return document.Problem{Field: what, Value: name, Message: "not a legal name",
		Hint: "use up to 32 letters, digits, '-', '_' and '.', and begin with a letter or a digit"}
}

// nodesOf lists the nodes of a lab in the order of [topology.Topology.Interfaces],
// then gateways, each before its hosts, then the internet's hosts. Links are
// numbered in that order, which a change of routes keeps.
func nodesOf(lab string, t *topology.Topology) ([]Node, error) {
	var nodes []Node
	for i, nic := range t.Interfaces() {
		n := Node{Name: nic.Owner, Kind: Machine, Namespace: namespaceOf(lab, nic.Owner), Address: nic.Address,
			Network: nic.Network, Subnet: nic.Subnet, Forwards: nic.Forwards, Link: fmt.Sprintf("v%d", i)}
		if nic.Firewall {
			n.Kind = Firewall
		}
		nodes = append(nodes, n)
	}
	addDetails(nodes, t)
	premises, err := premisesOf(lab, t)
	if err != nil {
		return nil, err
	}
	hosts, err := internetHosts(lab, t)
	if err != nil {
		return nil, err
	}
	nodes = slices.Concat(nodes, premises, hosts)
	return nodes, checkNodes(nodes)
}

// addDetails adds what an interface does not tell.
func addDetails(nodes []Node, t *topology.Topology) {
	policies := map[string]string{}
	for _, f := range t.AzureFirewalls {
		if f.FirewallPolicy != nil {
			policies[f.Name] = f.FirewallPolicy.ID
		}
	}
	services := map[string][]topology.Service{}
	for _, m := range t.VirtualMachines {
		services[m.Name] = m.Services
	}
	for i, n := range nodes {
		nodes[i].policy = policies[n.Name]
		nodes[i].Services = servicesOf(services[n.Name])
	}
}

func servicesOf(list []topology.Service) []Service {
	var services []Service
	for _, s := range list {
		if s.Kind == "" {
			s.Kind = topology.Echo
		}
		services = append(services, Service{Name: s.Name, Port: s.Port, Kind: s.Kind})
	}
	return services
}

// internetHosts are those of the topology's internet.
func internetHosts(lab string, t *topology.Topology) ([]Node, error) {
	if t.Internet == nil {
		return nil, nil
	}
	return hostsIn(namespaceOf(lab, internetNode), t.Internet.Hosts)
}

func hostsIn(namespace string, list []topology.Host) ([]Node, error) {
	var hosts []Node
	for _, h := range list {
		a, err := netip.ParseAddr(h.Address)
		if err != nil {
			return nil, fmt.Errorf("read address of host %s: %w", h.Name, err)
		}
		hosts = append(hosts, Node{Name: h.Name, Kind: Host, Namespace: namespace, Address: a, Services: servicesOf(h.Services)})
	}
	return hosts, nil
}

// checkNodes refuses names that would be two namespaces in one. The topology
// has checked the rest.
func checkNodes(nodes []Node) error {
	for _, n := range nodes {
		if n.Name == fabricNode || n.Name == internetNode {
			return document.Problem{Field: "node", Value: n.Name, Message: "the lab uses this name itself",
				Hint: "give the machine another name"}
		}
		if err := checkName("node", n.Name); err != nil {
			return err
		}
		if n.Kind != Gateway && !n.Address.Is4() {
			return document.Problem{Field: "address of " + n.Name, Value: n.Address.String(), Message: "not an IPv4 address"}
		}
	}
	return nil
}

func namespaceOf(lab, node string) string {
	return lab + "-" + node
}

// namespacesOf lists all namespaces of a lab, each once.
func namespacesOf(lab string, nodes []Node) []string {
	names := []string{namespaceOf(lab, fabricNode), namespaceOf(lab, internetNode)}
	for _, n := range nodes {
		if n.Kind != Host {
			names = append(names, n.Namespace)
		}
	}
	return names
}
