package ruleset

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/internal/policy"
)

// family is the maps for one kind of protocol. nft can read destination ports
// from conntrack's tuple only where a rule has named the protocol, so TCP and
// UDP have maps of their own, by addresses and port. All other protocols share
// maps by addresses and protocol.
type family struct {
	name   string // of the chain, and of the maps with the layer's number behind
	layers [][]entry

	protocol uint8 // of those with ports
	ported   bool
}

const (
	protocolTCP = 6
	protocolUDP = 17
)

func newFamilies() []family {
	return []family{
		{name: "tcp", protocol: protocolTCP, ported: true},
		{name: "udp", protocol: protocolUDP, ported: true},
		{name: "other"},
	}
}

// compile fills the family's maps.
func (f *family) compile(rules []policy.Rule) {
	var entries []entry
	for i := range rules {
		entries = append(entries, f.entries(&rules[i])...)
	}
	f.layers = layOut(entries)
}

// entries are all combinations of what one rule lists, as far as they concern
// the family.
func (f *family) entries(r *policy.Rule) []entry {
	var out []entry
	for _, third := range f.thirds(r) {
		for _, s := range r.Sources {
			for _, d := range r.Destinations {
				out = append(out, entry{key{addressSpan(s), addressSpan(d), third}, r.Number})
			}
		}
	}
	return out
}

// thirds are the ranges for the third field of the key; none where the rule
// does not concern the family.
func (f *family) thirds(r *policy.Rule) []span {
	var out []span
	if !f.ported {
		for _, p := range r.Protocols {
			if p != (policy.ProtocolRange{First: protocolTCP, Last: protocolTCP}) &&
				p != (policy.ProtocolRange{First: protocolUDP, Last: protocolUDP}) {
				out = append(out, span{uint32(p.First), uint32(p.Last)})
			}
		}
		return out
	}
	if !slices.ContainsFunc(r.Protocols, func(p policy.ProtocolRange) bool { return p.Contains(f.protocol) }) {
		return nil
	}
	for _, p := range r.Ports {
		out = append(out, span{uint32(p.First), uint32(p.Last)})
	}
	return out
}

// size is how many entries a rule makes, over all families. It is told before
// they are made.
func size(r *policy.Rule) int {
	n := 0
	for _, f := range newFamilies() {
		n += len(f.thirds(r)) * len(r.Sources) * len(r.Destinations)
	}
	return n
}

// check refuses what no policy file can say but a policy made by hand can, and
// what the maps would not say as the policy does.
func check(r *policy.Rule) error {
	addresses := slices.Concat(r.Sources, r.Destinations)
	if slices.ContainsFunc(addresses, func(a policy.AddressRange) bool { return !a.First.Is4() || !a.Last.Is4() }) {
		return errors.New("an address is not IPv4")
	}
	if r.Action != policy.Allow && r.Action != policy.Deny {
		return errors.New("no action")
	}
	other := newFamilies()[2]
	if len(other.thirds(r)) > 0 && !slices.Equal(r.Ports, []policy.PortRange{policy.AllPorts}) {
		return errors.New("ports for protocols that have none")
	}
	return nil
}

func addressSpan(r policy.AddressRange) span { return span{ipNumber(r.First), ipNumber(r.Last)} }

func ipNumber(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}
