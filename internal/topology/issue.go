package topology

import (
	"net/netip"
	"slices"
)

// issue is what is wrong with one direction of a pair.
type issue struct {
	code FindingCode
	// reversed tells that it is about what b sends to a.
	reversed  bool
	trail     trail
	at        int      // the step of an asymmetric trail from which it is another way
	firewalls []string // that see one direction only
	port      uint16
}

// codeOf is the end of a path that does not arrive, or says that a peering is
// at fault.
func (r *Resolver) codeOf(t trail, dst netip.Addr) FindingCode {
	if one, _ := r.unfinished(t, dst); one != nil {
		return PeeringIncomplete
	}
	return FindingCode(t.end)
}

// unfinished finds the two networks between which a packet is lost although a
// peering was begun.
func (r *Resolver) unfinished(t trail, dst netip.Addr) (here, there *networkView) {
	if t.missing.IsValid() {
		dst = t.missing
	}
	s, to := t.last(), r.nodes[dst]
	lost := t.end == RouteNone && s.route != nil && s.route.Source == SourceDefault || t.end == NoInterface || t.end == NoNextHop
	if !lost || s.node.place == nil || to == nil || to.place == nil {
		return nil, nil
	}
	here, there = s.node.place.network, to.place.network
	_, one := here.halves[there.name]
	_, two := there.halves[here.name]
	if !one && !two || here.reaches(there) {
		return nil, nil
	}
	return here, there
}

// asymmetry compares the two directions. The issue is about the direction that
// passes fewer firewalls.
func asymmetry(there, back trail) []issue {
	through, returning := there.stateful(), back.stateful()
	only := difference(through, returning)
	switch {
	case len(only) == 0:
		return nil
	case len(returning) > len(through):
		return []issue{{code: Asymmetric, trail: there, at: parting(there, back), firewalls: only}}
	}
	return []issue{{code: Asymmetric, trail: back, at: parting(back, there), reversed: true, firewalls: only}}
}

// parting is the step at which a trail leaves the way that the other one came.
func parting(t, other trail) int {
	nodes := other.nodes()
	slices.Reverse(nodes)
	for i, s := range t.steps {
		if i >= len(nodes) || s.node != nodes[i] {
			return max(i-1, 0)
		}
	}
	return 0
}

// protocolTCP is IANA's number.
const protocolTCP = 6

// denials asks the security groups for each service of an endpoint.
func (r *Resolver) denials(from, to *endpoint, reversed bool) []issue {
	var issues []issue
	for _, port := range to.ports {
		p := Packet{Source: from.Address, Destination: to.Address, Protocol: protocolTCP,
			SourcePort: anEphemeralPort, DestinationPort: port}
		request := walker{Resolver: r, packet: p, secure: true}
		t := request.walk()
		if t.arrives() {
			reply := walker{Resolver: r, packet: p.Answer(), secure: true, admitted: t.nodes()}
			t = reply.walk()
		}
		if !t.arrives() {
			issues = append(issues, issue{code: FindingCode(t.end), trail: t, reversed: reversed, port: port})
		}
	}
	return issues
}

// anEphemeralPort is what a client may have: the first of RFC 6335's.
const anEphemeralPort = 49152
