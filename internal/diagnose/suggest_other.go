package diagnose

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/sekisho/sekisho/internal/topology"
)

// allowForwarded lets the half of a peering that blocks take forwarded packets.
func allowForwarded(t *topology.Topology, path topology.Path) []topology.Fix {
	half, ok := peeringNamed(t, path.Network, path.Peering)
	if !ok {
		return nil
	}
	yes := true
	half.AllowForwardedTraffic = &yes
	return []topology.Fix{{Kind: topology.FixPeering, Network: path.Network, Peering: &half,
		Explain: fmt.Sprintf("lets %s accept forwarded traffic over the peering %s", path.Network, half.Name)}}
}

func peeringNamed(t *topology.Topology, network, name string) (topology.Peering, bool) {
	for _, n := range t.VirtualNetworks {
		i := slices.IndexFunc(n.VirtualNetworkPeerings, func(p topology.Peering) bool { return p.Name == name })
		if n.Name == network && i >= 0 {
			return n.VirtualNetworkPeerings[i], true
		}
	}
	return topology.Peering{}, false
}

// unpeer cuts the peering that leads past the firewalls, where the way is sound
// without it.
func (s *search) unpeer(t *topology.Topology, ref *PeeringRef) []topology.Fix {
	if ref == nil {
		return nil
	}
	var fixes []topology.Fix
	for _, n := range t.VirtualNetworks {
		for _, p := range n.VirtualNetworkPeerings {
			here := n.Name == ref.Network && p.RemoteVirtualNetwork.ID == ref.Remote
			there := n.Name == ref.Remote && p.RemoteVirtualNetwork.ID == ref.Network
			if here || there {
				no := false
				p.AllowVirtualNetworkAccess = &no
				fixes = append(fixes, topology.Fix{Kind: topology.FixPeering, Network: n.Name, Peering: &p,
					Explain: fmt.Sprintf("stops access over the peering %s of %s", p.Name, n.Name)})
			}
		}
	}
	without, err := applyAll(t, fixes)
	if err != nil {
		return nil
	}
	if p := predict(without, s.talk); !s.healed(&p) {
		return nil
	}
	return fixes
}

// The bounds of the priorities of security rules.
const (
	firstSecurityPriority = 100
	lastSecurityPriority  = 4096
)

// allowSecurity is a rule for the packet alone, before the one that denies it.
// Where that one is the first that there can be, it has to make room.
func allowSecurity(t *topology.Topology, path topology.Path) []topology.Fix {
	d := path.Denied
	i := slices.IndexFunc(t.NetworkSecurityGroups, func(g topology.NetworkSecurityGroup) bool { return d != nil && g.Name == d.Group })
	if i < 0 {
		return nil
	}
	rules := t.NetworkSecurityGroups[i].SecurityRules
	taken := func(n int) bool {
		return slices.ContainsFunc(rules, func(r topology.SecurityRule) bool { return r.Direction == d.Direction && r.Priority == n })
	}
	allow := allowRule(rules, d, path.Packet)
	var ok bool
	if allow.Priority, ok = freeBelowFrom(firstSecurityPriority, min(d.Priority, lastSecurityPriority+1), taken); ok {
		return []topology.Fix{securityFix(d.Group, allow, "allows %s to %s, before %s denies it", path.Packet.Source, path.Packet.Destination, d.Rule)}
	}
	k := slices.IndexFunc(rules, func(r topology.SecurityRule) bool { return r.Direction == d.Direction && r.Name == d.Rule })
	later := d.Priority + 1
	for taken(later) {
		later++
	}
	if k < 0 || later > lastSecurityPriority {
		return nil
	}
	deny := rules[k]
	allow.Priority, deny.Priority = d.Priority, later
	return []topology.Fix{
		securityFix(d.Group, deny, "makes room before %s", d.Rule),
		securityFix(d.Group, allow, "allows %s to %s, before %s denies it", path.Packet.Source, path.Packet.Destination, d.Rule),
	}
}

func securityFix(group string, r topology.SecurityRule, explain string, args ...any) topology.Fix {
	return topology.Fix{Kind: topology.FixSecurityRule, Group: group, SecurityRule: &r, Explain: fmt.Sprintf(explain, args...)}
}

// allowRule is a rule for a packet alone, under a name that is free.
func allowRule(rules []topology.SecurityRule, d *topology.SecurityDecision, p topology.Packet) topology.SecurityRule {
	return topology.SecurityRule{
		Name: unused("allow-"+p.Source.String()+"-"+p.Destination.String(), func(name string) bool {
			return slices.ContainsFunc(rules, func(r topology.SecurityRule) bool { return r.Name == name })
		}),
		Direction: d.Direction, Access: topology.AccessAllow, Protocol: securityProtocol(p.Protocol),
		SourceAddressPrefix: p.Source.String(), SourcePortRange: topology.Any,
		DestinationAddressPrefix: p.Destination.String(), DestinationPortRange: portOr(p.DestinationPort),
	}
}

func portOr(port uint16) string {
	if port == 0 {
		return topology.Any
	}
	return strconv.Itoa(int(port))
}

func securityProtocol(number uint8) topology.SecurityProtocol {
	switch number {
	case 1:
		return topology.ProtocolICMP
	case 6:
		return topology.ProtocolTCP
	case 17:
		return topology.ProtocolUDP
	}
	return topology.ProtocolAny
}
