package ruleset

import (
	"errors"
	"slices"

	"github.com/sekisho/sekisho/internal/policy"
)

// kind is the maps for one kind of packets. The two IP versions have addresses
// of their own lengths, so also maps of their own. nft can read destination
// ports from conntrack's tuple only where a rule has named the protocol, so
// TCP and UDP have maps by addresses and port. All other protocols share maps
// by addresses and protocol.
type kind struct {
	ipv6   bool
	name   string // nft's word for the protocol, or "other"
	layers [][]entry

	protocol uint8 // of those with ports
	ported   bool
}

const (
	protocolTCP = 6
	protocolUDP = 17
)

// newKinds returns the kinds of one IP version, the one without ports last.
func newKinds(ipv6 bool) []kind {
	return []kind{
		{ipv6: ipv6, name: "tcp", protocol: protocolTCP, ported: true},
		{ipv6: ipv6, name: "udp", protocol: protocolUDP, ported: true},
		{ipv6: ipv6, name: "other"},
	}
}

// compile fills the kind's maps.
func (k *kind) compile(rules []policy.Rule) {
	var entries []entry
	for i := range rules {
		entries = append(entries, k.entries(&rules[i])...)
	}
	k.layers = layOut(entries)
}

// entries are all combinations of what one rule lists, as far as they concern
// the kind.
func (k *kind) entries(r *policy.Rule) []entry {
	var out []entry
	sources, destinations, thirds := k.fields(r)
	for _, third := range thirds {
		for _, s := range sources {
			for _, d := range destinations {
				out = append(out, entry{key{s, d, third}, r.Number})
			}
		}
	}
	return out
}

// fields are the ranges that the rule lists for each field of a key.
func (k *kind) fields(r *policy.Rule) (sources, destinations, thirds []span) {
	return k.addresses(r.Sources), k.addresses(r.Destinations), k.thirds(r)
}

// addresses are the ranges of the kind's IP version.
func (k *kind) addresses(ranges []policy.AddressRange) []span {
	var out []span
	for _, r := range ranges {
		if r.First.Is6() == k.ipv6 {
			out = append(out, span{addressNumber(r.First), addressNumber(r.Last)})
		}
	}
	return out
}

// thirds are the ranges for the third field of the key; none where the rule
// does not concern the kind.
func (k *kind) thirds(r *policy.Rule) []span {
	if !k.ported {
		return k.otherProtocols(r)
	}
	if !slices.ContainsFunc(r.Protocols, func(p policy.ProtocolRange) bool { return p.Contains(k.protocol) }) {
		return nil
	}
	var out []span
	for _, p := range r.Ports {
		out = append(out, smallSpan(p.First, p.Last))
	}
	return out
}

// otherProtocols are the ranges with more in them than TCP or UDP.
func (k *kind) otherProtocols(r *policy.Rule) []span {
	var out []span
	for _, p := range r.Protocols {
		if p == (policy.ProtocolRange{First: protocolTCP, Last: protocolTCP}) ||
			p == (policy.ProtocolRange{First: protocolUDP, Last: protocolUDP}) {
			continue
		}
		if k.ipv6 {
			p = p.ForIPv6()
		}
		out = append(out, smallSpan(p.First, p.Last))
	}
	return out
}

// check refuses what no policy file can say but a policy made by hand can, and
// what the maps would not say as the policy does.
func check(r *policy.Rule) error {
	if r.Action != policy.Allow && r.Action != policy.Deny {
		return errors.New("no action")
	}
	other := kind{}
	if len(other.thirds(r)) > 0 && !slices.Equal(r.Ports, []policy.PortRange{policy.AllPorts}) {
		return errors.New("ports for protocols that have none")
	}
	return nil
}
