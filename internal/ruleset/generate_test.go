package ruleset

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/policy"
)

// The policies that are drawn live in a small world, so that their rules
// overlap in every way: few ports, and sixteen addresses of each family from
// these on. Those of IPv6 lie across the middle of the address.
var worldBases = map[bool]netip.Addr{
	false: netip.MustParseAddr("10.66.0.0"),
	true:  netip.MustParseAddr("fd00:66::ffff:ffff:ffff:fff8"),
}

// worldAddress is the nth address of a family's world.
func worldAddress(ipv6 bool, n int) netip.Addr {
	a := worldBases[ipv6]
	for range n {
		a = a.Next()
	}
	return a
}

func address(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}

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
		Sources:      rapid.SliceOfN(addresses(), 1, 3).Draw(t, "sources"),
		Destinations: rapid.SliceOfN(addresses(), 1, 3).Draw(t, "destinations"),
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
		ipv6 := rapid.Bool().Draw(t, "ipv6")
		a, b := rapid.IntRange(0, worldSize-1).Draw(t, "a"), rapid.IntRange(0, worldSize-1).Draw(t, "b")
		return policy.AddressRange{First: worldAddress(ipv6, min(a, b)), Last: worldAddress(ipv6, max(a, b))}
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

// packets draws first packets in the small worlds and on their borders.
func packets() *rapid.Generator[packet] {
	return rapid.Custom(func(t *rapid.T) packet {
		ipv6 := rapid.Bool().Draw(t, "ipv6")
		protocols := []uint8{6, 6, 6, 17, 17, icmpOf(ipv6), 47}
		p := packet{protocol: rapid.SampledFrom(protocols).Draw(t, "protocol")}
		var port uint16
		if p.protocol == 6 || p.protocol == 17 {
			port = rapid.Uint16Range(1, worldPorts+1).Draw(t, "port")
		}
		in := func(what string) netip.Addr {
			return worldAddress(ipv6, rapid.IntRange(0, worldSize).Draw(t, what))
		}
		p.source = netip.AddrPortFrom(in("source"), 0)
		p.dest = netip.AddrPortFrom(in("destination"), port)
		return p
	})
}

func icmpOf(ipv6 bool) uint8 {
	if ipv6 {
		return 58
	}
	return 1
}

// corners are the packets at the ends of a rule's ranges, where an error by one
// would show.
func corners(rules []policy.Rule) []packet {
	var out []packet
	for i := range rules {
		r := &rules[i]
		for _, ipv6 := range []bool{false, true} {
			s, d := ofFamily(r.Sources, ipv6), ofFamily(r.Destinations, ipv6)
			if len(s) == 0 {
				continue
			}
			first := packet{r.Protocols[0].First, netip.AddrPortFrom(s[0].First, 0), netip.AddrPortFrom(d[0].First, r.Ports[0].First)}
			last := packet{r.Protocols[0].First, netip.AddrPortFrom(s[0].Last, 0), netip.AddrPortFrom(d[0].Last, r.Ports[0].Last)}
			out = append(out, first.sendable(), last.sendable())
		}
	}
	return out
}

// sendable is the packet with a protocol of its family, and with a port only
// where there are ports. In IPv6 0 is no protocol, but an extension header.
func (p packet) sendable() packet {
	switch ipv6 := p.source.Addr().Is6(); {
	case p.protocol == 6 || p.protocol == 17:
		return p
	case p.protocol == 1:
		p.protocol = icmpOf(ipv6)
	case ipv6:
		p.protocol = 47
	}
	p.dest = netip.AddrPortFrom(p.dest.Addr(), 0)
	return p
}

func ofFamily(ranges []policy.AddressRange, ipv6 bool) []policy.AddressRange {
	return slices.DeleteFunc(slices.Clone(ranges), func(r policy.AddressRange) bool { return r.First.Is6() != ipv6 })
}
