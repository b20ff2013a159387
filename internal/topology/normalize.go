package topology

import (
	"slices"
	"strings"
)

// normalize gives equal topologies one form, after the checks, which must see
// what the file says.
func (t *Topology) normalize() {
	for i := range t.VirtualNetworks {
		t.VirtualNetworks[i].normalize()
	}
	for i := range t.RouteTables {
		t.RouteTables[i].normalize()
	}
	for i := range t.NetworkSecurityGroups {
		t.NetworkSecurityGroups[i].normalize()
	}
	for i := range t.VirtualNetworkGateways {
		t.VirtualNetworkGateways[i].normalize()
	}
	for i := range t.AzureFirewalls {
		t.AzureFirewalls[i].Subnet = subnetName(t.AzureFirewalls[i].Subnet)
	}
	for i := range t.VirtualMachines {
		m := &t.VirtualMachines[i]
		m.Subnet = subnetName(m.Subnet)
		m.Services = normalizeServices(m.Services)
		m.NetworkSecurityGroup = normalizeReference(m.NetworkSecurityGroup)
	}
	if t.Internet != nil {
		t.Internet.Hosts = normalizeHosts(t.Internet.Hosts)
	}
	t.RouteTables = absentIfEmpty(t.RouteTables)
	t.NetworkSecurityGroups = absentIfEmpty(t.NetworkSecurityGroups)
	t.VirtualNetworkGateways = absentIfEmpty(t.VirtualNetworkGateways)
	t.AzureFirewalls = absentIfEmpty(t.AzureFirewalls)
	t.VirtualMachines = absentIfEmpty(t.VirtualMachines)
}

func (n *VirtualNetwork) normalize() {
	for i, s := range n.Subnets {
		n.Subnets[i].RouteTable = normalizeReference(s.RouteTable)
		n.Subnets[i].NetworkSecurityGroup = normalizeReference(s.NetworkSecurityGroup)
	}
	for i := range n.VirtualNetworkPeerings {
		remote := &n.VirtualNetworkPeerings[i].RemoteVirtualNetwork
		remote.ID = remote.name()
	}
	n.Subnets = absentIfEmpty(n.Subnets)
	n.VirtualNetworkPeerings = absentIfEmpty(n.VirtualNetworkPeerings)
}

func (r *RouteTable) normalize() {
	for i := range r.Routes {
		r.Routes[i].NextHopType, _ = canonicalHop(r.Routes[i].NextHopType)
	}
	r.Routes = absentIfEmpty(r.Routes)
}

func (g *NetworkSecurityGroup) normalize() {
	for i := range g.SecurityRules {
		g.SecurityRules[i].normalize()
	}
	g.SecurityRules = absentIfEmpty(g.SecurityRules)
}

func (g *Gateway) normalize() {
	g.Subnet = subnetName(g.Subnet)
	g.Routes = absentIfEmpty(g.Routes)
	g.Hosts = normalizeHosts(g.Hosts)
}

func normalizeReference(r *Reference) *Reference {
	if r == nil {
		return nil
	}
	return &Reference{ID: r.name()}
}

func normalizeHosts(hosts []Host) []Host {
	for i := range hosts {
		hosts[i].Services = normalizeServices(hosts[i].Services)
	}
	return absentIfEmpty(hosts)
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
