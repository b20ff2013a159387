package topology

import (
	"fmt"
	"net/netip"
	"strings"
)

// allow makes a rule that lets the service through where it is denied.
func (m *remedy) allow() {
	t := m.issue.trail
	if t.denied == nil || m.issue.port == 0 {
		return
	}
	g, err := m.topology.group(t.denied.Group)
	if err != nil {
		return
	}
	priority, ok := g.priorityBefore(t.denied)
	if !ok {
		return
	}
	r := SecurityRule{Priority: priority, Direction: t.denied.Direction, Access: AccessAllow, Protocol: ProtocolTCP,
		SourceAddressPrefix: m.from.narrowest().String(), SourcePortRange: Any,
		DestinationAddressPrefix: m.to.narrowest().String(), DestinationPortRange: fmt.Sprint(m.issue.port)}
	direction := strings.ToLower(strings.TrimSuffix(string(r.Direction), "bound"))
	r.Name = unused(legal(fmt.Sprintf("allow-%s-%s-to-%s-%d", direction, m.from.Name, m.to.Name, m.issue.port)),
		namesOf(g.SecurityRules, func(r SecurityRule) string { return r.Name }))
	m.add(Fix{Kind: FixSecurityRule, Group: g.Name, SecurityRule: &r,
		Explain: fmt.Sprintf("lets %s reach port %d of %s, before %s denies it", m.from.Name, m.issue.port, m.to.Name, t.denied.Rule)})
}

// narrowest is the prefix of the endpoint itself.
func (e *endpoint) narrowest() netip.Prefix { return e.prefixes[len(e.prefixes)-1] }

// legal makes a name of a text.
func legal(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("/: ", r) {
			return '-'
		}
		return r
	}, text)
}

// priorityBefore finds a priority that nobody has before the rule that denied:
// the next higher one, or behind all rules where Azure's own rule denied.
func (g *NetworkSecurityGroup) priorityBefore(denied *SecurityDecision) (int, bool) {
	taken := map[int]bool{}
	highest := firstPriority - 10
	for _, r := range g.SecurityRules {
		if canonicalWord(r.Direction, directions) == denied.Direction {
			taken[r.Priority] = true
			highest = max(highest, r.Priority)
		}
	}
	if next := highest + 10; denied.Default && next <= lastPriority {
		return next, true
	}
	for p := min(denied.Priority, lastPriority+1) - 1; p >= firstPriority; p-- {
		if !taken[p] {
			return p, true
		}
	}
	return 0, false
}
