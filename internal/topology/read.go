package topology

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
)

// ReadFile reads the named topology file, or standard input for "-". The
// problems are warnings. The error is a [document.Problems] with everything
// that is wrong with the content, or an *os.PathError where the file cannot be
// read.
func ReadFile(name string) (*Topology, document.Problems, error) {
	var t Topology
	doc, err := document.ReadFile(name, &t)
	if err != nil {
		return nil, nil, err
	}
	return accept(&t, doc)
}

// Parse reads a topology in YAML or JSON. File is the name to show in
// problems; nothing is opened. The problems are warnings, also beside an
// error; the error is a [document.Problems] without them.
func Parse(file string, data []byte) (*Topology, document.Problems, error) {
	var t Topology
	doc, err := document.Decode(file, data, &t)
	if err != nil {
		return nil, nil, err
	}
	return accept(&t, doc)
}

// Validate returns all that is wrong with a topology that was made in code;
// one that comes from [Parse] has warnings only.
func (t *Topology) Validate() document.Problems {
	return check(t, nil)
}

func accept(t *Topology, doc *document.Document) (*Topology, document.Problems, error) {
	found := check(t, doc)
	if err := found.Err(); err != nil {
		return nil, found.Warnings(), err
	}
	t.normalize()
	return t, found.Warnings(), nil
}

// normalize gives equal topologies one form, after the checks, which must see
// what the file says.
func (t *Topology) normalize() {
	for i := range t.VirtualNetworks {
		t.VirtualNetworks[i].normalize()
	}
	for i := range t.RouteTables {
		table := &t.RouteTables[i]
		for j, r := range table.Routes {
			table.Routes[j].NextHopType, _ = canonicalHop(r.NextHopType)
		}
		table.Routes = absentIfEmpty(table.Routes)
	}
	for i := range t.AzureFirewalls {
		t.AzureFirewalls[i].Subnet = subnetName(t.AzureFirewalls[i].Subnet)
	}
	for i := range t.VirtualMachines {
		m := &t.VirtualMachines[i]
		m.Subnet = subnetName(m.Subnet)
		m.Services = normalizeServices(m.Services)
	}
	if t.Internet != nil {
		for i := range t.Internet.Hosts {
			t.Internet.Hosts[i].Services = normalizeServices(t.Internet.Hosts[i].Services)
		}
		t.Internet.Hosts = absentIfEmpty(t.Internet.Hosts)
	}
	t.RouteTables = absentIfEmpty(t.RouteTables)
	t.AzureFirewalls = absentIfEmpty(t.AzureFirewalls)
	t.VirtualMachines = absentIfEmpty(t.VirtualMachines)
}

func (n *VirtualNetwork) normalize() {
	for i, s := range n.Subnets {
		if s.RouteTable != nil {
			n.Subnets[i].RouteTable = &Reference{ID: s.RouteTable.name()}
		}
	}
	for i := range n.VirtualNetworkPeerings {
		remote := &n.VirtualNetworkPeerings[i].RemoteVirtualNetwork
		remote.ID = remote.name()
	}
	n.Subnets = absentIfEmpty(n.Subnets)
	n.VirtualNetworkPeerings = absentIfEmpty(n.VirtualNetworkPeerings)
}

func normalizeServices(services []Service) []Service {
	for i := range services {
		if services[i].Kind == "" {
			services[i].Kind = Echo
		}
	}
	return absentIfEmpty(services)
}

// absentIfEmpty makes "routes: []" equal to no routes at all.
func absentIfEmpty[S ~[]E, E any](list S) S {
	if len(list) == 0 {
		return nil
	}
	return slices.Clip(list)
}

// subnetName is the "network/subnet" form of a subnet reference.
func subnetName(ref string) string {
	network, subnet, ok := splitSubnet(ref)
	if !ok {
		return ref
	}
	return strings.Join([]string{network, subnet}, "/")
}
