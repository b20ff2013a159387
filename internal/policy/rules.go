package policy

import (
	"cmp"
	"net/netip"
	"slices"
)

// Rule is a network rule at its place in the order of evaluation, with the
// names that logs call it by.
type Rule struct {
	Number uint32 // from 1
	Policy string
	Group  string
	// Collection and Name are those of the rule collection and of the rule.
	Collection string
	Name       string
	Action     Action
	// The ranges are sorted and do not overlap. Each address range is of one
	// family, and a family stands on both sides or on none: where Sources and
	// Destinations have none in common, both are empty.
	Protocols    []ProtocolRange
	Sources      []AddressRange
	Destinations []AddressRange
	Ports        []PortRange
}

// Rules returns the network rules in the order in which they are evaluated,
// numbered from 1.
func (p *Policy) Rules() []Rule {
	var rules []Rule
	for _, g := range byPriority(p.Groups, func(g RuleCollectionGroup) int { return g.Priority }) {
		for _, c := range byPriority(g.Collections, func(c RuleCollection) int { return c.Priority }) {
			for _, r := range c.Rules {
				sources, destinations := paired(r.Sources, r.Destinations)
				rules = append(rules, Rule{
					Number: uint32(len(rules) + 1),
					Policy: p.Name, Group: g.Name, Collection: c.Name, Name: r.Name,
					Action:    c.Action,
					Protocols: merge(r.Protocols, protocolOrder),
					Sources:   sources, Destinations: destinations,
					Ports: merge(r.Ports, portOrder),
				})
			}
		}
	}
	return rules
}

// byPriority keeps the order of the file among equals, which reading refuses
// but a policy made by hand may have.
func byPriority[T any](list []T, priority func(T) int) []T {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b T) int { return cmp.Compare(priority(a), priority(b)) })
	return sorted
}

// Decision is what a policy does with a packet, and why.
type Decision struct {
	Action Action
	Rule   *Rule // nil where no rule matches: the default action, which denies
}

// Decide evaluates the policy for the first packet of a connection: the first
// rule that matches decides. The endpoints are of either family, both of the
// same; IPv4-mapped addresses count as IPv4. The source port does not matter;
// protocols without ports have the port 0.
func (p *Policy) Decide(protocol uint8, source, destination netip.AddrPort) Decision {
	for _, r := range p.Rules() {
		if r.Matches(protocol, source, destination) {
			return Decision{Action: r.Action, Rule: &r}
		}
	}
	return Decision{Action: Deny}
}

// Matches reports whether a packet is one of those that the rule is about.
func (r *Rule) Matches(protocol uint8, source, destination netip.AddrPort) bool {
	from, to := source.Addr().Unmap(), destination.Addr().Unmap()
	return from.BitLen() == to.BitLen() &&
		r.hasProtocol(protocol, from.Is6()) &&
		contains(r.Sources, from) && contains(r.Destinations, to) &&
		contains(r.Ports, destination.Port())
}

func (r *Rule) hasProtocol(protocol uint8, ipv6 bool) bool {
	return slices.ContainsFunc(r.Protocols, func(p ProtocolRange) bool {
		if ipv6 {
			p = p.ForIPv6()
		}
		return p.Contains(protocol)
	})
}

func contains[V any, R interface{ Contains(V) bool }](ranges []R, value V) bool {
	return slices.ContainsFunc(ranges, func(r R) bool { return r.Contains(value) })
}

// covers reports whether every packet that matches the other rule matches
// this one. Addresses differ most, so they are compared first. They can be
// compared without a look at families, as each stands on both sides or on none.
func (r *Rule) covers(other *Rule) bool {
	return covered(other.Destinations, r.Destinations, addressOrder) &&
		covered(other.Sources, r.Sources, addressOrder) &&
		covered(other.Ports, r.Ports, portOrder) &&
		covered(other.Protocols, r.Protocols, protocolOrder)
}
