package lab

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/topology"
)

// filters are the nftables rules that a topology asks for beside its routes,
// by namespace: those of peerings in the fabric, those of security groups in
// the namespaces of the machines that they protect. A namespace without rules
// has an empty text.
type filters map[string]string

func makeFilters(lab string, t *topology.Topology, nodes []Node) (filters, error) {
	result := filters{}
	peerings, err := peeringRules(t, nodes)
	if err != nil {
		return nil, err
	}
	result[namespaceOf(lab, fabricNode)] = anew("ip", "sekisho-peerings", peerings)
	for _, n := range nodes {
		if n.Kind != Machine && n.Kind != Firewall {
			continue
		}
		rules, err := securityRules(t, n)
		if err != nil {
			return nil, fmt.Errorf("make security rules of %s: %w", n.Name, err)
		}
		result[n.Namespace] = anew("ip", "sekisho-nsg", rules)
	}
	return result, nil
}

// load puts the filters in force where they differ from those before.
func (f filters) load(before filters) error {
	for _, namespace := range slices.Sorted(maps.Keys(f)) {
		if f[namespace] == before[namespace] {
			continue
		}
		if err := loadRules(namespace, f[namespace]); err != nil {
			return err
		}
	}
	return nil
}

// none are the filters of a lab that was just made: tables without rules need
// not be loaded.
func (f filters) none() filters {
	empty := filters{}
	for namespace := range f {
		name := "sekisho-nsg"
		if strings.HasSuffix(namespace, "-"+fabricNode) {
			name = "sekisho-peerings"
		}
		empty[namespace] = anew("ip", name, "")
	}
	return empty
}

// peeringRules drop what a network does not accept over its half of a peering
// with allowForwardedTraffic false: packets whose sender is not in the remote
// network. What a gateway sends comes from outside by its nature and is let in.
func peeringRules(t *topology.Topology, nodes []Node) (string, error) {
	var text strings.Builder
	for _, n := range t.VirtualNetworks {
		for _, half := range n.VirtualNetworkPeerings {
			if half.AllowForwardedTraffic == nil || *half.AllowForwardedTraffic {
				continue
			}
			remote := half.RemoteVirtualNetwork.ID
			own, err := prefixesOf(t, remote)
			from, to := linksIn(nodes, remote, Machine, Firewall), linksIn(nodes, n.Name, Machine, Firewall, Gateway)
			if err != nil {
				return "", err
			}
			if len(from) > 0 && len(to) > 0 {
				fmt.Fprintf(&text, "    iifname %s oifname %s ip saddr != %s drop\n", braces(from), braces(to), braces(own))
			}
		}
	}
	if text.Len() == 0 {
		return "", nil
	}
	return "  chain forward {\n    type filter hook forward priority 0; policy accept;\n" + text.String() + "  }\n", nil
}

// linkName is written as nft does.
type linkName string

func (l linkName) String() string { return fmt.Sprintf("%q", string(l)) }

func linksIn(nodes []Node, network string, kinds ...Kind) []linkName {
	var links []linkName
	for _, n := range nodes {
		if n.Network == network && slices.Contains(kinds, n.Kind) {
			links = append(links, linkName(n.Link))
		}
	}
	return links
}

func prefixesOf(t *topology.Topology, network string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, n := range t.VirtualNetworks {
		if n.Name != network {
			continue
		}
		for _, text := range n.AddressSpace.AddressPrefixes {
			p, err := netip.ParsePrefix(text)
			if err != nil {
				return nil, fmt.Errorf("read address space of network %s: %w", n.Name, err)
			}
			list = append(list, p)
		}
	}
	return list, nil
}
