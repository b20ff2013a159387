package ruleset

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/policy"
)

// suffix ends the names of what is for IPv6.
const suffix = "6"

// id names the kind in names of chains and maps.
func (k *kind) id() string {
	if k.ipv6 {
		return k.name + suffix
	}
	return k.name
}

func (k *kind) mapName(layer int) string { return fmt.Sprintf("%s_%d", k.id(), layer) }

// maps are the kind's maps with their elements, in the order in which they must
// be inserted.
func (k *kind) maps() []mapText {
	address, third := "ipv4_addr", "inet_proto"
	if k.ipv6 {
		address = "ipv6_addr"
	}
	if k.ported {
		third = "inet_service"
	}
	var out []mapText
	for n, layer := range k.layers {
		m := mapText{Name: k.mapName(n), Type: address + " . " + address + " . " + third}
		for _, e := range layer {
			m.Elements = append(m.Elements, fmt.Sprintf("%s . %s . %s : goto %s",
				k.addressText(e.key[0]), k.addressText(e.key[1]), numberText(e.key[2]), ruleChain(e.rule)))
		}
		out = append(out, m)
	}
	return out
}

// addressText is an address, a prefix or a range.
func (k *kind) addressText(s span) string {
	return policy.AddressRange{First: s.first.address(k.ipv6), Last: s.last.address(k.ipv6)}.String()
}

// numberText is a port, a protocol, or a range of them.
func numberText(s span) string {
	if s.first == s.last {
		return fmt.Sprint(s.first.low)
	}
	return fmt.Sprintf("%d-%d", s.first.low, s.last.low)
}
