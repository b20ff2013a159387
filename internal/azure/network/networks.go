package network

import (
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/topology"
)

// The types of Azure's resources that make a network.
const (
	networkType       = "Microsoft.Network/virtualNetworks"
	subnetType        = networkType + "/subnets"
	tableType         = "Microsoft.Network/routeTables"
	groupType         = "Microsoft.Network/networkSecurityGroups"
	asgType           = "Microsoft.Network/applicationSecurityGroups"
	firewallType      = "Microsoft.Network/azureFirewalls"
	policyType        = "Microsoft.Network/firewallPolicies"
	ipGroupType       = "Microsoft.Network/ipGroups"
	nicType           = "Microsoft.Network/networkInterfaces"
	machineType       = "Microsoft.Compute/virtualMachines"
	gatewayType       = "Microsoft.Network/virtualNetworkGateways"
	localGatewayType  = "Microsoft.Network/localNetworkGateways"
	connectionType    = "Microsoft.Network/connections"
	peeringsField     = "virtualNetworkPeerings"
	subnetsField      = "subnets"
	routesField       = "routes"
	rulesField        = "securityRules"
	prefixesField     = "addressPrefixes"
	collectionsField  = "ruleCollections"
	collectionsParent = "ruleCollectionGroups"
)

// Takes reports whether resources of a type, in any case, become a part of the
// topology.
func Takes(fullType string) bool {
	for _, known := range []string{networkType, tableType, groupType, firewallType, policyType, nicType, machineType, gatewayType} {
		if len(fullType) >= len(known) && strings.EqualFold(fullType[:len(known)], known) {
			return true
		}
	}
	return false
}

func (b *builder) networks() {
	for _, r := range b.catalog.of(networkType) {
		b.used[r] = true
		s := b.spot(r)
		network := topology.VirtualNetwork{Name: b.name(aNetwork, r)}
		if space := s.body.Get("addressSpace"); space != nil {
			within := &spot{b: b, file: s.file, line: space.At(), title: s.title, body: space}
			network.AddressSpace.AddressPrefixes = within.texts(prefixesField)
			s.bad = s.bad || within.bad
		}
		for _, p := range b.parts(r, s, subnetsField) {
			if subnet, ok := b.subnet(p); ok {
				b.came(p.spot, "virtualNetworks", network.Name, subnetsField, subnet.Name)
				network.Subnets = append(network.Subnets, subnet)
			}
		}
		if s.bad {
			continue
		}
		b.came(s, "virtualNetworks", network.Name)
		b.t.VirtualNetworks = append(b.t.VirtualNetworks, network)
	}
}

func (b *builder) subnet(p part) (topology.Subnet, bool) {
	s := topology.Subnet{Name: legal(p.name, longestName), AddressPrefix: b.onePrefix(p)}
	if table := b.referred(p.spot, "routeTable", tableType, aTable); table != "" {
		s.RouteTable = &topology.Reference{ID: table}
	}
	if group := b.referred(p.spot, "networkSecurityGroup", groupType, aGroup); group != "" {
		s.NetworkSecurityGroup = &topology.Reference{ID: group}
	}
	if p.id("natGateway") != "" {
		p.note(resource.LeftOut, p.body.Get("natGateway"), "natGateway", "", "NAT gateways are not supported: the way to the internet is the same without", "")
	}
	return s, !p.bad
}

// onePrefix is the prefix of a subnet: of several, the first of IPv4.
func (b *builder) onePrefix(p part) string {
	prefixes := p.texts(prefixesField)
	if one := p.text("addressPrefix"); one != "" {
		prefixes = append([]string{one}, prefixes...)
	}
	chosen := ""
	for _, text := range prefixes {
		prefix, err := netip.ParsePrefix(text)
		switch {
		case text == chosen:
		case chosen == "" && (len(prefixes) == 1 || err == nil && prefix.Addr().Is4()):
			chosen = text
		case err == nil && !prefix.Addr().Is4():
			p.note(resource.LeftOut, p.body.Get(prefixesField), prefixesField, text, "IPv6 is not supported yet", "")
		default:
			p.note(resource.LeftOut, p.body.Get(prefixesField), prefixesField, text, "a subnet has one prefix here", "")
		}
	}
	return chosen
}

// referred is the name, in the topology, of the resource that a field refers to;
// empty where there is none. A reference to what is not there is told, and
// the rest is taken without it.
func (b *builder) referred(s *spot, field, fullType, kind string) string {
	id := s.id(field)
	if id == "" {
		return ""
	}
	r, err := b.catalog.resolve(s.file, id, fullType)
	if err != nil {
		s.note(resource.LeftOut, s.body.Get(field), field, "", err.Error(), hintFor(fullType))
		return ""
	}
	return b.name(kind, r)
}

func (b *builder) peerings() {
	for _, r := range b.catalog.of(networkType) {
		name := b.name(aNetwork, r)
		network := b.network(name)
		if network == nil { // left out
			continue
		}
		for _, p := range b.parts(r, b.spot(r), peeringsField) {
			if peering, ok := b.peering(p); ok {
				b.came(p.spot, "virtualNetworks", name, peeringsField, peering.Name)
				network.VirtualNetworkPeerings = append(network.VirtualNetworkPeerings, peering)
			}
		}
	}
}

func (b *builder) network(name string) *topology.VirtualNetwork {
	for i := range b.t.VirtualNetworks {
		if b.t.VirtualNetworks[i].Name == name {
			return &b.t.VirtualNetworks[i]
		}
	}
	return nil
}

// peering reads one half of a peering. What Azure takes for false where it is
// absent is written out, because the topology takes it for true.
func (b *builder) peering(p part) (topology.Peering, bool) {
	state := p.text("peeringState")
	if state == "Disconnected" {
		p.leaveOut("its other half was deleted in Azure (Disconnected): it carries nothing", "")
		return topology.Peering{}, false
	}
	remote := b.referred(p.spot, "remoteVirtualNetwork", networkType, aNetwork)
	forwarded := p.is("allowForwardedTraffic")
	return topology.Peering{
		Name:                      legal(p.name, longestName),
		RemoteVirtualNetwork:      topology.Reference{ID: remote},
		AllowVirtualNetworkAccess: p.flag("allowVirtualNetworkAccess"),
		AllowForwardedTraffic:     &forwarded,
		AllowGatewayTransit:       p.is("allowGatewayTransit"),
		UseRemoteGateways:         p.is("useRemoteGateways"),
	}, remote != "" && !p.bad
}
