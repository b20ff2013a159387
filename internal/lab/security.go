package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/topology"
)

// securityRules are the security groups of a node, made real in its own
// namespace: of its subnet and then of its interface for what comes in, the
// other way round for what goes out. They look at the first packet of a flow;
// the rest follows, as in Azure, because the node's connection tracking knows
// it. Empty where the node has no group.
func securityRules(t *topology.Topology, n Node) (string, error) {
	nic, _ := t.Interface(n.Name)
	var groups []placed
	for _, p := range []placed{{"subnet", t.SubnetSecurityGroup(n.Network, n.Subnet)}, {"nic", nic.SecurityGroup}} {
		if p.group != "" {
			groups = append(groups, p)
		}
	}
	if len(groups) == 0 {
		return "", nil
	}
	var text strings.Builder
	for _, g := range groups {
		for _, d := range []topology.SecurityDirection{topology.Inbound, topology.Outbound} {
			rules, err := t.EffectiveSecurityRules(g.group, n.Network, n.Subnet, d)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&text, "  chain %s {\n%s  }\n", g.chain(d), groupChain(rules))
		}
	}
	hookChain(&text, "in", "prerouting priority -150", "iifname", groups, topology.Inbound)
	slices.Reverse(groups)
	hookChain(&text, "out", "postrouting priority 0", "oifname", groups, topology.Outbound)
	return text.String(), nil
}

// placed is a security group at a subnet or at an interface. Its chains are
// named after the place: nft's names have fewer letters than Azure's.
type placed struct{ place, group string }

func (p placed) chain(d topology.SecurityDirection) string {
	return strings.ToLower(string(d)) + "-" + p.place
}

// hookChain asks all groups about the first packet of a flow.
func hookChain(text *strings.Builder, name, hook, interfaceName string, groups []placed, d topology.SecurityDirection) {
	fmt.Fprintf(text, "  chain %s {\n    type filter hook %s; policy accept;\n", name, hook)
	fmt.Fprintf(text, "    %s != \"eth0\" accept\n    ct state established,related accept\n", interfaceName)
	for _, g := range groups {
		fmt.Fprintf(text, "    jump %s\n", g.chain(d))
	}
	text.WriteString("  }\n")
}

// groupChain has a line for each rule. The first that matches decides: one
// that allows returns, so that the next group is asked too.
func groupChain(rules []topology.EffectiveSecurityRule) string {
	var text strings.Builder
	for _, r := range rules {
		if len(r.Sources) == 0 || len(r.Destinations) == 0 {
			continue // about nobody here
		}
		verdict := "drop"
		if r.Access == topology.AccessAllow {
			verdict = "return"
		}
		fmt.Fprintf(&text, "    %s%s%s%s comment %q\n", addressMatch("saddr", r.Sources), addressMatch("daddr", r.Destinations),
			protocolMatch(r), verdict, r.Name)
	}
	return text.String()
}

func addressMatch(field string, prefixes []netip.Prefix) string {
	outer := outermost(prefixes)
	if slices.Contains(outer, everywhere) {
		return ""
	}
	return "ip " + field + " " + braces(outer) + " "
}

// outermost leaves out prefixes within others: nft refuses sets that overlap.
func outermost(prefixes []netip.Prefix) []netip.Prefix {
	sorted := slices.Clone(prefixes)
	slices.SortFunc(sorted, func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	var list []netip.Prefix
	for _, p := range sorted {
		if !slices.ContainsFunc(list, func(o netip.Prefix) bool { return o.Overlaps(p) }) {
			list = append(list, p)
		}
	}
	return list
}

// protocolMatch names TCP and UDP where ports are asked for and the protocol
// is not said: nothing else has ports.
func protocolMatch(r topology.EffectiveSecurityRule) string {
	ports := portMatch("sport", r.SourcePorts) + portMatch("dport", r.DestinationPorts)
	switch {
	case r.Protocol != 0:
		return fmt.Sprintf("meta l4proto %d %s", r.Protocol, ports)
	case ports != "":
		return "meta l4proto { tcp, udp } " + ports
	}
	return ""
}

func portMatch(field string, ranges []topology.PortRange) string {
	var set []portRange
	for _, r := range mergePorts(ranges) {
		if r == (topology.PortRange{First: 0, Last: 65535}) {
			return ""
		}
		set = append(set, portRange(r))
	}
	return "th " + field + " " + braces(set) + " "
}

// mergePorts makes ranges that do not overlap.
func mergePorts(ranges []topology.PortRange) []topology.PortRange {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, func(a, b topology.PortRange) int { return int(a.First) - int(b.First) })
	var list []topology.PortRange
	for _, r := range sorted {
		if last := len(list) - 1; last >= 0 && int(r.First) <= int(list[last].Last)+1 {
			list[last].Last = max(list[last].Last, r.Last)
			continue
		}
		list = append(list, r)
	}
	return list
}

// portRange is written as nft does.
type portRange topology.PortRange

func (r portRange) String() string {
	if r.First == r.Last {
		return fmt.Sprint(r.First)
	}
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}
