package topology

import (
	"net/netip"
	"slices"
)

type securityKey struct {
	group     string
	routes    routesKey
	direction SecurityDirection
}

// inbound asks the security groups before a node: its subnet's, then its
// interface's.
func (w *walker) inbound(s *step) bool {
	n := s.node
	return w.exempt(n) || w.ask(s, n.place.group, n.place.name(), Inbound) && w.ask(s, n.group, n.name, Inbound)
}

// outbound asks them in the other order.
func (w *walker) outbound(s *step) bool {
	n := s.node
	return w.exempt(n) || w.ask(s, n.group, n.name, Outbound) && w.ask(s, n.place.group, n.place.name(), Outbound)
}

// exempt tells the nodes where no group is asked: none is there at all, or the
// packet is the reply to one that was admitted here.
func (w *walker) exempt(n *node) bool {
	if !w.secure || n.place == nil || n.group == "" && n.place.group == "" {
		return true
	}
	end := n.address == w.packet.Source || n.address == w.packet.Destination
	return w.packet.Reply && (end || slices.Contains(w.admitted, n))
}

// ask asks one group, if there is one, and writes down what it says.
func (w *walker) ask(s *step, group, at string, d SecurityDirection) bool {
	if group == "" {
		return true
	}
	for _, r := range w.securityRules(group, s.node.place, d) {
		if !r.Matches(w.packet) {
			continue
		}
		decision := SecurityDecision{Group: group, At: at, Direction: d, Rule: r.Name, Priority: r.Priority, Default: r.Default, Access: r.Access}
		s.security = append(s.security, decision)
		if r.Access == AccessAllow {
			return true
		}
		w.trail.denied = &decision
		break
	}
	w.finish(SecurityDenied)
	return false
}

// securityRules are the rules of a group at a place, for whose routes the tags
// stand.
func (r *Resolver) securityRules(group string, p *place, d SecurityDirection) []EffectiveSecurityRule {
	routes := routesKey{p.network.name, p.table}
	key := securityKey{group, routes, d}
	if rules, ok := r.securing[key]; ok {
		return rules
	}
	if _, ok := r.tags[routes]; !ok {
		r.tags[routes] = newTags(r.routesOf(p).all)
	}
	var rules []EffectiveSecurityRule
	if g, err := r.topology.group(group); err == nil {
		rules, _ = g.effective(d, r.tags[routes]) // a valid topology has no errors
	}
	r.securing[key] = rules
	return rules
}

// Matches reports whether a packet is one of those that the rule is about.
func (r EffectiveSecurityRule) Matches(p Packet) bool {
	return (r.Protocol == 0 || r.Protocol == p.Protocol) &&
		containsPort(r.DestinationPorts, p.DestinationPort) && containsPort(r.SourcePorts, p.SourcePort) &&
		containsAddress(r.Sources, p.Source) && containsAddress(r.Destinations, p.Destination)
}

func containsPort(ranges []PortRange, port uint16) bool {
	return slices.ContainsFunc(ranges, func(r PortRange) bool { return r.Contains(port) })
}

func containsAddress(prefixes []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}
