package topology

import (
	"fmt"
	"strings"
)

// describeIssue says in a sentence what happens, with the first pair as the
// example.
func (i *inspection) describeIssue(f Finding, m member) string {
	found := m.issue
	from, to := f.Pairs[0].From.Name, f.Pairs[0].To.Name
	t, s := found.trail, found.blamed()
	what := fmt.Sprintf("what %s sends to %s", from, to)
	switch f.Code {
	case Asymmetric:
		return fmt.Sprintf("%s sees only one direction: %s goes past it, because %s takes the route %s",
			strings.Join(found.firewalls, " and "), what, s.who(), s.routeText())
	case PeeringIncomplete:
		here, there := i.resolver.unfinished(t, i.target(found, int(m.pair)))
		return fmt.Sprintf("%s is lost at %s: the peering of %s and %s is not complete, %s", what, s.who(), here.name, there.name, missingHalf(here, there))
	case FindingCode(RouteNone):
		return fmt.Sprintf("%s is dropped at %s by the route %s", what, s.who(), s.routeText())
	case FindingCode(NoInterface):
		return fmt.Sprintf("%s is lost: by the route %s, %s looks for %s in its own and in peered networks, and it is not there", what, s.routeText(), s.who(), t.missing)
	case FindingCode(NoNextHop):
		return fmt.Sprintf("%s is lost: %s takes the route %s, which leads to %s", what, s.who(), s.routeText(), nobody(t))
	case FindingCode(NotOnInternet):
		return fmt.Sprintf("%s is lost: the route %s of %s leads to the internet, where nobody has the address", what, s.routeText(), s.who())
	case FindingCode(NotForwarding):
		return fmt.Sprintf("%s is lost at %s, which does not forward: %s takes the route %s to it", what, t.last().node.name, s.who(), s.routeText())
	case FindingCode(PeeringBlocked):
		return fmt.Sprintf("%s is dropped by the peering %s of network %s: allowForwardedTraffic is false, and %s only forwards it", what, t.peering, t.network, t.last().node.name)
	case FindingCode(SecurityDenied):
		d := t.denied
		return fmt.Sprintf("%s, port %d, is denied by rule %s of security group %s, %s at %s", what, found.port, d.Rule, d.Group, strings.ToLower(string(d.Direction)), d.At)
	case FindingCode(Looping):
		return fmt.Sprintf("%s goes in circles: %s", what, circle(t))
	}
	return fmt.Sprintf("%s does not arrive: %s", what, f.Code)
}

// missingHalf says what is missing of a peering.
func missingHalf(a, b *networkView) string {
	for _, side := range [][2]*networkView{{a, b}, {b, a}} {
		if _, ok := side[0].halves[side[1].name]; !ok {
			return side[0].name + " has no half of it"
		}
	}
	return "a half of it has allowVirtualNetworkAccess: false"
}

// who names a node, or where it would be.
func (s step) who() string {
	n := s.node
	switch {
	case n.kind == AddressNode && n.place != nil:
		return n.place.name()
	case n.place != nil:
		return fmt.Sprintf("%s (%s)", n.name, n.place.name())
	}
	return n.name
}

func (s step) routeText() string {
	if s.route == nil {
		return "of nobody"
	}
	return s.route.String()
}

func nobody(t trail) string {
	if !t.missing.IsValid() {
		return "a gateway, and the network can use none"
	}
	return fmt.Sprintf("%s, and no interface that can be reached from there has this address", t.missing)
}

// circle shows the nodes of a loop and their routes.
func circle(t trail) string {
	var parts []string
	for _, s := range t.steps[t.loop : len(t.steps)-1] {
		parts = append(parts, fmt.Sprintf("%s takes %s", s.who(), s.routeText()))
	}
	return strings.Join(parts, ", ")
}
