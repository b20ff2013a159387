package diagnose

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
)

// The fields of a network rule, by their names in policy files, and how much a
// difference in each weighs: a rule for the same machines and another port is
// nearer than one for the same port and other machines.
const (
	portsField        = "destinationPorts"
	protocolsField    = "ipProtocols"
	destinationsField = "destinationAddresses"
	sourcesField      = "sourceAddresses"
)

var fieldWeights = map[string]int{portsField: 10, protocolsField: 11, destinationsField: 12, sourcesField: 13}

// nearest finds the allowing rule that differs least from what the packet
// needs; nil where none is near. One field may differ, or port and protocol: a
// rule between other machines for another port is not near.
func nearest(p *policy.Policy, t flow.Tuple) *NearMiss {
	var best *NearMiss
	bestWeight := 0
	for _, r := range p.Rules() {
		if r.Action != policy.Allow {
			continue
		}
		differs, weight := differences(&r, t)
		if len(differs) == 0 || !near(differs) || best != nil && weight >= bestWeight {
			continue
		}
		best, bestWeight = &NearMiss{RuleRef: refOf(p, &r), Differs: differs}, weight
	}
	return best
}

func near(differs []FieldDifference) bool {
	switch len(differs) {
	case 1:
		return true
	case 2: // sorted by weight
		return differs[0].Field == portsField && differs[1].Field == protocolsField
	}
	return false
}

// differences lists the fields of the rule that do not match, the weightiest
// last, and their weight.
func differences(r *policy.Rule, t flow.Tuple) ([]FieldDifference, int) {
	var list []FieldDifference
	weight := 0
	add := func(field string, matches bool, says []string, is string) {
		if !matches {
			list = append(list, FieldDifference{Field: field, Rule: says, Is: is})
			weight += fieldWeights[field]
		}
	}
	ipv6 := t.Source.Addr().Unmap().Is6()
	add(portsField, containsAny(r.Ports, t.Dest.Port()), words(r.Ports), strconv.Itoa(int(t.Dest.Port())))
	add(protocolsField, slices.ContainsFunc(r.Protocols, func(p policy.ProtocolRange) bool {
		if ipv6 {
			p = p.ForIPv6()
		}
		return p.Contains(uint8(t.Protocol))
	}), words(r.Protocols), t.Protocol.String())
	add(destinationsField, containsAny(r.Destinations, t.Dest.Addr().Unmap()), words(r.Destinations), t.Dest.Addr().Unmap().String())
	add(sourcesField, containsAny(r.Sources, t.Source.Addr().Unmap()), words(r.Sources), t.Source.Addr().Unmap().String())
	slices.SortFunc(list, func(a, b FieldDifference) int {
		return cmp.Compare(fieldWeights[a.Field], fieldWeights[b.Field])
	})
	return list, weight
}

func containsAny[V any, R interface{ Contains(V) bool }](ranges []R, value V) bool {
	return slices.ContainsFunc(ranges, func(r R) bool { return r.Contains(value) })
}

func words[R fmt.Stringer](ranges []R) []string {
	list := make([]string, len(ranges))
	for i, r := range ranges {
		list[i] = r.String()
	}
	return list
}

func refOf(p *policy.Policy, r *policy.Rule) RuleRef {
	return RuleRef{Policy: p.Name, Revision: p.Revision(), Group: r.Group, Collection: r.Collection, Rule: r.Name}
}

// decide asks the policy about the connection's first packet.
func decide(p *policy.Policy, t flow.Tuple) policy.Decision {
	return p.Decide(uint8(t.Protocol), unmapped(t.Source), unmapped(t.Dest))
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
