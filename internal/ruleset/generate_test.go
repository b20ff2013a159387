package ruleset

import (
	"fmt"
	"net/netip"

	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/policy"
)

// The policies that are drawn live in a small world, so that their rules
// overlap in every way: sixteen addresses from worldBase on, and few ports.
var worldBase = ipNumber(netip.MustParseAddr("10.66.0.0"))

const (
	worldSize  = 16
	worldPorts = 8
)

func overlapping(maxRules int) *rapid.Generator[*policy.Policy] {
	return rapid.Custom(func(t *rapid.T) *policy.Policy {
		p := &policy.Policy{Name: "drawn"}
		left := rapid.IntRange(1, maxRules).Draw(t, "rules")
		for i := 0; left > 0; i++ {
			c := policy.RuleCollection{
				Name: fmt.Sprint("rc", i), Priority: policy.MinPriority + i,
				Action: rapid.SampledFrom([]policy.Action{policy.Allow, policy.Deny}).Draw(t, "action"),
			}
			for range rapid.IntRange(1, left).Draw(t, "in collection") {
				c.Rules = append(c.Rules, rule(t, fmt.Sprint("r", left)))
				left--
			}
			p.Groups = append(p.Groups, policy.RuleCollectionGroup{
				Name: fmt.Sprint("rcg", i), Priority: policy.MinPriority + i, Collections: []policy.RuleCollection{c},
			})
		}
		return p
	})
}

func rule(t *rapid.T, name string) policy.NetworkRule {
	r := policy.NetworkRule{
		Name:         name,
		Protocols:    rapid.SampledFrom(protocolLists).Draw(t, "protocols"),
		Sources:      rapid.SliceOfN(addresses(), 1, 2).Draw(t, "sources"),
		Destinations: rapid.SliceOfN(addresses(), 1, 2).Draw(t, "destinations"),
		Ports:        []policy.PortRange{policy.AllPorts},
	}
	ported := r.Protocols[0] != policy.AllProtocols && r.Protocols[0].First != 1
	if ported && rapid.IntRange(0, 3).Draw(t, "all ports") > 0 {
		r.Ports = rapid.SliceOfN(ports(), 1, 2).Draw(t, "ports")
	}
	return r
}

var protocolLists = [][]policy.ProtocolRange{
	{{First: 6, Last: 6}}, {{First: 6, Last: 6}}, {{First: 17, Last: 17}}, {{First: 6, Last: 6}, {First: 17, Last: 17}},
	{{First: 1, Last: 1}}, {policy.AllProtocols},
}

func addresses() *rapid.Generator[policy.AddressRange] {
	return rapid.Custom(func(t *rapid.T) policy.AddressRange {
		if rapid.IntRange(0, 9).Draw(t, "all") == 0 {
			return policy.AllAddresses
		}
		a, b := rapid.Uint32Range(0, worldSize-1).Draw(t, "a"), rapid.Uint32Range(0, worldSize-1).Draw(t, "b")
		return policy.AddressRange{First: address(worldBase + min(a, b)), Last: address(worldBase + max(a, b))}
	})
}

func ports() *rapid.Generator[policy.PortRange] {
	return rapid.Custom(func(t *rapid.T) policy.PortRange {
		a, b := rapid.Uint16Range(1, worldPorts).Draw(t, "a"), rapid.Uint16Range(1, worldPorts).Draw(t, "b")
		return policy.PortRange{First: min(a, b), Last: max(a, b)}
	})
}

// packet is the first packet of a connection.
type packet struct {
	protocol     uint8
	source, dest netip.AddrPort
}

// packets draws first packets in the small world and on its border.
func packets() *rapid.Generator[packet] {
	return rapid.Custom(func(t *rapid.T) packet {
		p := packet{protocol: rapid.SampledFrom([]uint8{6, 6, 6, 17, 17, 1, 47}).Draw(t, "protocol")}
		var port uint16
		if p.protocol == 6 || p.protocol == 17 {
			port = rapid.Uint16Range(1, worldPorts+1).Draw(t, "port")
		}
		in := func(what string) netip.Addr {
			return address(worldBase + rapid.Uint32Range(0, worldSize).Draw(t, what))
		}
		p.source = netip.AddrPortFrom(in("source"), 0)
		p.dest = netip.AddrPortFrom(in("destination"), port)
		return p
	})
}

// corners are the packets at the ends of a rule's ranges, where an error by one
// would show.
func corners(rules []policy.Rule) []packet {
	var out []packet
	for i := range rules {
		r := &rules[i]
		for _, last := range []bool{false, true} {
			p := packet{protocol: r.Protocols[0].First}
			s, d, port := r.Sources[0].First, r.Destinations[0].First, r.Ports[0].First
			if last {
				s, d, port = r.Sources[0].Last, r.Destinations[0].Last, r.Ports[0].Last
			}
			if p.protocol != 6 && p.protocol != 17 {
				port = 0
			}
			p.source, p.dest = netip.AddrPortFrom(s, 0), netip.AddrPortFrom(d, port)
			out = append(out, p)
		}
	}
	return out
}
