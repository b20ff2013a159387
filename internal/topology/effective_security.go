package topology

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/internal/document"
)

// EffectiveSecurityRule is a rule of a security group as one subnet's network
// interfaces have it: the tags are replaced by addresses.
type EffectiveSecurityRule struct {
	Name             string            `json:"name"`
	Priority         int               `json:"priority"`
	Direction        SecurityDirection `json:"direction"`
	Access           SecurityAccess    `json:"access"`
	Default          bool              `json:"default,omitempty"`  // one that Azure adds
	Protocol         uint8             `json:"protocol,omitempty"` // IANA's number; 0 for all
	Sources          []netip.Prefix    `json:"sources"`
	Destinations     []netip.Prefix    `json:"destinations"`
	SourcePorts      []PortRange       `json:"sourcePorts"`
	DestinationPorts []PortRange       `json:"destinationPorts"`
}

// EffectiveSecurityRules lists the rules of a security group for one
// direction in the order in which they are asked, with the three default rules
// of Azure at the end, so that the first one that matches decides and one
// always does. The tags depend on the subnet for whose interfaces the group is
// asked; see [Topology.VirtualNetworkPrefixes].
//
// The error is a [document.Problem] where there is no such group, network or
// subnet.
func (t *Topology) EffectiveSecurityRules(group, network, subnet string, d SecurityDirection) ([]EffectiveSecurityRule, error) {
	g, err := t.group(group)
	if err != nil {
		return nil, err
	}
	tags, err := t.tagsOf(network, subnet)
	if err != nil {
		return nil, err
	}
	return g.effective(d, tags)
}

func (g *NetworkSecurityGroup) effective(d SecurityDirection, tags tagPrefixes) ([]EffectiveSecurityRule, error) {
	var rules []EffectiveSecurityRule
	for _, r := range slices.Concat(g.SecurityRules, defaultRules) {
		if canonicalWord(r.Direction, directions) != d {
			continue
		}
		e, err := r.effective(tags)
		if err != nil {
			return nil, err
		}
		rules = append(rules, e)
	}
	slices.SortStableFunc(rules, func(a, b EffectiveSecurityRule) int { return cmp.Compare(a.Priority, b.Priority) })
	return rules, nil
}

// SubnetSecurityGroup returns the name of the security group at a subnet, or ""
// where it has none that has an effect: Azure has no groups in
// AzureFirewallSubnet and GatewaySubnet.
func (t *Topology) SubnetSecurityGroup(network, subnet string) string {
	_, s, err := t.findSubnet(network, subnet)
	if err != nil || s.NetworkSecurityGroup == nil || s.exempt() {
		return ""
	}
	return s.NetworkSecurityGroup.name()
}

// group finds a security group by name or resource id.
func (t *Topology) group(name string) (*NetworkSecurityGroup, error) {
	name = Reference{ID: name}.name()
	i := slices.IndexFunc(t.NetworkSecurityGroups, func(g NetworkSecurityGroup) bool { return g.Name == name })
	if i < 0 {
		return nil, document.Problem{Field: "network security group", Value: name,
			Message: "there is none of this name", Hint: didYouMean(name, t.groupNames())}
	}
	return &t.NetworkSecurityGroups[i], nil
}

// firstDefaultPriority is the lowest that Azure gives to its own rules.
const firstDefaultPriority = 65000

// defaultRules are those that every group has in Azure, with Azure's names.
var defaultRules = []SecurityRule{
	defaultRule("AllowVnetInBound", 65000, Inbound, AccessAllow, TagVirtualNetwork, TagVirtualNetwork),
	defaultRule("AllowAzureLoadBalancerInBound", 65001, Inbound, AccessAllow, TagLoadBalancer, Any),
	defaultRule("DenyAllInBound", 65500, Inbound, AccessDeny, Any, Any),
	defaultRule("AllowVnetOutBound", 65000, Outbound, AccessAllow, TagVirtualNetwork, TagVirtualNetwork),
	defaultRule("AllowInternetOutBound", 65001, Outbound, AccessAllow, Any, TagInternet),
	defaultRule("DenyAllOutBound", 65500, Outbound, AccessDeny, Any, Any),
}

func defaultRule(name string, priority int, d SecurityDirection, a SecurityAccess, from, to string) SecurityRule {
	return SecurityRule{Name: name, Priority: priority, Direction: d, Access: a, Protocol: ProtocolAny,
		SourceAddressPrefix: from, DestinationAddressPrefix: to, SourcePortRange: Any, DestinationPortRange: Any}
}

// protocolNumbers are IANA's.
var protocolNumbers = map[SecurityProtocol]uint8{ProtocolICMP: 1, ProtocolTCP: 6, ProtocolUDP: 17}

func (r SecurityRule) effective(tags tagPrefixes) (EffectiveSecurityRule, error) {
	e := EffectiveSecurityRule{Name: r.Name, Priority: r.Priority, Default: r.Priority >= firstDefaultPriority,
		Direction: canonicalWord(r.Direction, directions), Access: canonicalWord(r.Access, accesses),
		Protocol: protocolNumbers[canonicalWord(r.Protocol, protocols)]}
	var err error
	if e.Sources, err = tags.resolve(r.SourceAddressPrefix, r.SourceAddressPrefixes); err != nil {
		return e, err
	}
	if e.Destinations, err = tags.resolve(r.DestinationAddressPrefix, r.DestinationAddressPrefixes); err != nil {
		return e, err
	}
	if e.SourcePorts, err = portRanges(r.SourcePortRange, r.SourcePortRanges); err != nil {
		return e, err
	}
	e.DestinationPorts, err = portRanges(r.DestinationPortRange, r.DestinationPortRanges)
	return e, err
}

func portRanges(one string, many []string) ([]PortRange, error) {
	var list []PortRange
	for _, text := range either(one, many) {
		r, err := parsePorts(text)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// either are the values of a field that may be singular or plural.
func either(one string, many []string) []string {
	if one != "" {
		return []string{one}
	}
	return many
}
