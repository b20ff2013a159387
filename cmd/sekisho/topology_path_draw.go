package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

// drawAnswer draws both directions from top to bottom.
func drawAnswer(w io.Writer, a pathAnswer) error {
	p := printer{w: w}
	packet := a.There.Packet
	p.printf("%s → %s\n", endText(packet.Source.String(), packet.SourcePort), endText(packet.Destination.String(), packet.DestinationPort))
	p.printf("\nThere\n")
	p.drawPath(a.There, func(h topology.Hop) string { return decisionAt(a, h) })
	if !a.There.Arrives() {
		p.printf("\nNothing answers. A reply would go\n")
	} else {
		p.printf("\nBack\n")
	}
	p.drawPath(a.Back, func(h topology.Hop) string { return stateAt(a, h) })
	p.printf("\n%s\n", strings.Join(verdict(a), "\n"))
	return p.err
}

// endText leaves out the port that a protocol does not have.
func endText(address string, port uint16) string {
	if port == 0 {
		return address
	}
	return fmt.Sprintf("%s:%d", address, port)
}

// drawPath draws one direction; note says what a firewall on the way does.
func (p *printer) drawPath(path topology.Path, note func(topology.Hop) string) {
	for i, h := range path.Hops {
		p.printf("  %s\n", hopTitle(h))
		for _, s := range h.Security {
			p.printf("  │   %s\n", securityText(s))
		}
		passes := h.Route.State != ""
		if passes && i > 0 && h.Kind == topology.FirewallNode {
			p.printf("  │   %s\n", note(h))
		}
		if passes {
			p.printf("  │   %s\n", routeText(h))
		}
		if i < len(path.Hops)-1 {
			p.printf("  ▼\n")
		}
	}
	p.printf("  %s %s\n", endSign(path), endOfPath(path))
}

func hopTitle(h topology.Hop) string {
	parts := []string{h.Node}
	if h.Address.IsValid() && h.Address.String() != h.Node {
		parts = append(parts, h.Address.String())
	}
	switch {
	case h.Network != "":
		parts = append(parts, h.Network+"/"+h.Subnet)
	case h.Kind == topology.InternetNode:
		parts = append(parts, "internet")
	case h.Kind == topology.PremisesNode:
		parts = append(parts, "on premises")
	}
	return strings.Join(parts, "  ")
}

func securityText(s topology.SecurityDecision) string {
	kind := ""
	if s.Default {
		kind = ", a default rule"
	}
	return fmt.Sprintf("security group %s at %s, %s: %s by %s (%d%s)", s.Group, s.At, strings.ToLower(string(s.Direction)), s.Access, s.Rule, s.Priority, kind)
}

// decisionAt says by what the policy of a firewall decides.
func decisionAt(a pathAnswer, h topology.Hop) string {
	i := slices.IndexFunc(a.Decisions, func(d firewallDecision) bool { return d.Firewall == h.Node })
	if i < 0 {
		return "no policy was asked"
	}
	d := a.Decisions[i]
	if d.Rule == "" {
		return fmt.Sprintf("policy %s: %s by the default action", d.Policy, d.Action)
	}
	return fmt.Sprintf("policy %s: %s by %s/%s/%s", d.Policy, d.Action, d.Group, d.Collection, d.Rule)
}

// stateAt says what a firewall makes of the reply: no rule is asked for it.
func stateAt(a pathAnswer, h topology.Hop) string {
	if slices.Contains(a.There.Nodes(), h.Node) {
		return "passes as the reply to what went there"
	}
	return "has not seen the request: INVALID"
}

// routeText shows the route and where it comes from. Where it is none of the
// subnet's route table, that is said: it is where one would be written.
func routeText(h topology.Hop) string {
	text := h.Route.String()
	if h.Route.RouteTable == "" && h.Table != "" {
		text += fmt.Sprintf("   (nothing longer in %s)", h.Table)
	}
	return "route " + text
}

func endSign(path topology.Path) string {
	if path.Arrives() {
		return "✓"
	}
	return "✗"
}

// endOfPath says how a path ends.
func endOfPath(path topology.Path) string {
	switch path.End {
	case topology.Delivered:
		return "delivered"
	case topology.LeftForInternet:
		return "left for the internet"
	case topology.LeftForPremises:
		return "left for the premises"
	case topology.NoSource:
		return fmt.Sprintf("%s is in no subnet, on no premises and not on the internet", path.Packet.Source)
	case topology.NoInterface:
		return fmt.Sprintf("lost: no interface that can be reached from here has %s", path.Missing)
	case topology.NoNextHop:
		if !path.Missing.IsValid() {
			return "lost: the network can use no gateway"
		}
		return fmt.Sprintf("lost: no interface that can be reached from here has the next hop's address %s", path.Missing)
	case topology.NotForwarding:
		return "lost: this does not forward"
	case topology.RouteNone:
		return "dropped by the route"
	case topology.PeeringBlocked:
		return fmt.Sprintf("dropped by the peering %s of network %s: allowForwardedTraffic is false", path.Peering, path.Network)
	case topology.SecurityDenied:
		return fmt.Sprintf("denied by %s of security group %s", path.Denied.Rule, path.Denied.Group)
	case topology.Looping:
		return "goes in circles: " + strings.Join(topology.Path{Hops: path.Loop}.Nodes(), " → ") + " → …"
	}
	return string(path.End)
}

// verdict is what comes last: all that is wrong, or that nothing is.
func verdict(a pathAnswer) []string {
	var lines []string
	for _, d := range a.Decisions {
		if d.Action != policy.Allow.String() {
			lines = append(lines, d.Firewall+" denies the packet: it goes no further than there.")
			break
		}
	}
	if len(a.Asymmetric) > 0 {
		lines = append(lines, fmt.Sprintf("%s sees only one direction: sekisho topology check says what to change.", strings.Join(a.Asymmetric, " and ")))
	}
	switch {
	case !a.There.Arrives():
		lines = append(lines, "The packet does not arrive: "+endOfPath(a.There)+".")
	case !a.Back.Arrives():
		lines = append(lines, "The reply does not arrive: "+endOfPath(a.Back)+".")
	}
	if len(lines) == 0 {
		lines = append(lines, "The packet arrives, and so does the reply, past the same firewalls.")
	}
	return lines
}
