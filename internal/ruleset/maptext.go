package ruleset

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
)

// maps are the family's maps with their elements, in the order in which they
// must be inserted.
func (f *family) maps() []mapText {
	kind := "ipv4_addr . ipv4_addr . inet_proto"
	if f.ported {
		kind = "ipv4_addr . ipv4_addr . inet_service"
	}
	var out []mapText
	for n, layer := range f.layers {
		m := mapText{Name: f.mapName(n), Type: kind}
		for _, e := range layer {
			m.Elements = append(m.Elements, fmt.Sprintf("%s . %s . %s : goto %s",
				addressText(e.key[0]), addressText(e.key[1]), numberText(e.key[2]), ruleChain(e.rule)))
		}
		out = append(out, m)
	}
	return out
}

func (f *family) mapName(layer int) string { return fmt.Sprintf("%s_%d", f.name, layer) }

// lookup is the chain that asks the family's maps one after the other.
func (f *family) lookup() lookupText {
	t := lookupText{Name: "lookup_" + f.name}
	for n := range f.layers {
		rule := "ct original ip saddr . ct original ip daddr . ct protocol vmap @" + f.mapName(n)
		if f.ported {
			rule = "ip version 4 ct protocol " + f.name +
				" ct original ip saddr . ct original ip daddr . ct original proto-dst vmap @" + f.mapName(n)
		}
		t.Rules = append(t.Rules, rule)
	}
	t.Rules = append(t.Rules, noRule)
	return t
}

// entrance leads the family's packets to its maps. The family without ports
// comes last and takes the rest.
func (f *family) entrance() string {
	if f.ported {
		return "ct protocol " + f.name + " goto lookup_" + f.name
	}
	return "goto lookup_" + f.name
}

// addressText is an address, a prefix or a range.
func addressText(s span) string {
	size := uint64(s.last) - uint64(s.first) + 1
	switch {
	case size == 1:
		return address(s.first).String()
	case size&(size-1) == 0 && uint64(s.first)%size == 0:
		return fmt.Sprintf("%s/%d", address(s.first), 32-bits.TrailingZeros64(size))
	}
	return address(s.first).String() + "-" + address(s.last).String()
}

func numberText(s span) string {
	if s.first == s.last {
		return fmt.Sprint(s.first)
	}
	return fmt.Sprintf("%d-%d", s.first, s.last)
}

func address(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}
