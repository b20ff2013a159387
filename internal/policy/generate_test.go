package policy

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"pgregory.net/rapid"
)

// policies draws policies as Parse would return them.
func policies() *rapid.Generator[*Policy] {
	return rapid.Custom(func(t *rapid.T) *Policy {
		p := &Policy{Name: "drawn"}
		for i, priority := range priorities(t, "groups") {
			g := RuleCollectionGroup{Name: fmt.Sprint("g", i), Priority: priority}
			for j, priority := range priorities(t, "collections") {
				g.Collections = append(g.Collections, RuleCollection{
					Name: fmt.Sprint("c", j), Priority: priority,
					Action: rapid.SampledFrom([]Action{Allow, Deny}).Draw(t, "action"),
					Rules:  rapid.SliceOfNDistinct(rules(), 0, 4, func(r NetworkRule) string { return r.Name }).Draw(t, "rules"),
				})
				if c := &g.Collections[j]; len(c.Rules) == 0 {
					c.Rules = nil
				}
			}
			p.Groups = append(p.Groups, g)
		}
		return p
	})
}

func priorities(t *rapid.T, what string) []int {
	return rapid.SliceOfNDistinct(rapid.IntRange(MinPriority, MaxPriority), 0, 3, rapid.ID[int]).Draw(t, what)
}

func rules() *rapid.Generator[NetworkRule] {
	return rapid.Custom(func(t *rapid.T) NetworkRule {
		r := NetworkRule{
			Name:         rapid.StringMatching(`[0-9a-z~!#&*"'{}:|@é関-]( ?[0-9a-z"'#:,{}\\-]){0,9}`).Draw(t, "name"),
			Description:  rapid.StringMatching(`([ a-z"':#\\-]|\n){0,12}`).Draw(t, "description"),
			Protocols:    rapid.SliceOfN(rapid.SampledFrom([]ProtocolRange{tcp, udp}), 1, 2).Draw(t, "protocols"),
			Sources:      rapid.SliceOfN(addresses(), 1, 3).Draw(t, "sources"),
			Destinations: rapid.SliceOfN(addresses(), 1, 3).Draw(t, "destinations"),
			Ports:        rapid.SliceOfN(ports(), 1, 3).Draw(t, "ports"),
		}
		if rapid.Bool().Draw(t, "any") {
			r.Protocols, r.Ports = []ProtocolRange{AllProtocols, icmp}, []PortRange{AllPorts}
		}
		return r
	})
}

func addresses() *rapid.Generator[AddressRange] {
	return rapid.Custom(func(t *rapid.T) AddressRange {
		if rapid.IntRange(0, 9).Draw(t, "all") == 0 {
			return rapid.SampledFrom([]AddressRange{AllAddresses, allIPv4, allIPv6}).Draw(t, "of")
		}
		family := rapid.SampledFrom([]*rapid.Generator[netip.Addr]{ipv4(), ipv6()}).Draw(t, "family")
		first, last := family.Draw(t, "first"), family.Draw(t, "last")
		if last.Less(first) {
			first, last = last, first
		}
		return AddressRange{first, last}
	})
}

func ipv4() *rapid.Generator[netip.Addr] {
	return rapid.Map(rapid.Uint32(), func(n uint32) netip.Addr {
		return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
	})
}

func ipv6() *rapid.Generator[netip.Addr] {
	return rapid.Map(rapid.SliceOfN(rapid.Byte(), 15, 15), func(b []byte) netip.Addr {
		return netip.AddrFrom16([16]byte(append([]byte{0xfd}, b...)))
	})
}

func ports() *rapid.Generator[PortRange] {
	return rapid.Custom(func(t *rapid.T) PortRange {
		first, last := rapid.Uint16Min(1).Draw(t, "first"), rapid.Uint16Min(1).Draw(t, "last")
		return PortRange{min(first, last), max(first, last)}
	})
}
