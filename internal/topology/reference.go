package topology

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
)

// name is what the reference names: all of it, or the last part of a resource
// id such as "/subscriptions/…/routeTables/rt-spoke".
func (r Reference) name() string {
	id := strings.TrimRight(r.ID, "/")
	return id[strings.LastIndex(id, "/")+1:]
}

// splitSubnet takes apart "network/subnet", or a resource id that ends in
// "virtualNetworks/network/subnets/subnet"; ARM does not mind the case of
// types.
func splitSubnet(ref string) (network, subnet string, ok bool) {
	parts := strings.Split(strings.Trim(ref, "/"), "/")
	n := len(parts)
	switch {
	case n == 2:
		network, subnet = parts[0], parts[1]
	case n >= 4 && strings.EqualFold(parts[n-4], "virtualNetworks") && strings.EqualFold(parts[n-2], "subnets"):
		network, subnet = parts[n-3], parts[n-1]
	}
	return network, subnet, network != "" && subnet != ""
}

func (t *Topology) network(name string) *VirtualNetwork {
	i := slices.IndexFunc(t.VirtualNetworks, func(n VirtualNetwork) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return &t.VirtualNetworks[i]
}

func (n *VirtualNetwork) subnet(name string) *Subnet {
	i := slices.IndexFunc(n.Subnets, func(s Subnet) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &n.Subnets[i]
}

// findSubnet looks a subnet up for somebody who asked by name.
func (t *Topology) findSubnet(network, subnet string) (*VirtualNetwork, *Subnet, error) {
	n := t.network(network)
	if n == nil {
		return nil, nil, document.Problem{Field: "virtual network", Value: network,
			Message: "there is none of this name", Hint: didYouMean(network, t.networkNames())}
	}
	s := n.subnet(subnet)
	if s == nil {
		return nil, nil, document.Problem{Field: "subnet of " + network, Value: subnet,
			Message: "there is none of this name", Hint: didYouMean(subnet, n.subnetNames())}
	}
	return n, s, nil
}

func (t *Topology) networkNames() []string {
	return namesOf(t.VirtualNetworks, func(n VirtualNetwork) string { return n.Name })
}

func (n *VirtualNetwork) subnetNames() []string {
	return namesOf(n.Subnets, func(s Subnet) string { return s.Name })
}

func (t *Topology) tableNames() []string {
	return namesOf(t.RouteTables, func(r RouteTable) string { return r.Name })
}

func (t *Topology) groupNames() []string {
	return namesOf(t.NetworkSecurityGroups, func(g NetworkSecurityGroup) string { return g.Name })
}

func namesOf[T any](list []T, name func(T) string) []string {
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = name(v)
	}
	return names
}

// didYouMean is the hint for a name that is not in the list.
func didYouMean(name string, known []string) string {
	if s := document.Suggest(name, known); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	return knownHere(known)
}

func knownHere(known []string) string {
	if len(known) == 0 {
		return "there is none at all"
	}
	return "known here: " + strings.Join(known, ", ")
}
