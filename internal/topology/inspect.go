package topology

import (
	"net/netip"
	"slices"
)

// inspection looks at all pairs of endpoints once, and remembers through which
// subnets each pair's packets go: a change of one subnet's routes can matter
// to those pairs only, so the effect of a fix is found without looking at all
// pairs again.
type inspection struct {
	resolver  *Resolver
	endpoints []endpoint
	pairs     []pair
	byPlace   [][]int32 // of pairs, by the subnets that they pass
}

// pair are two endpoints, and what is wrong between them.
type pair struct {
	a, b   int32 // endpoints
	places []int32
	issues []issue
}

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

func newInspection(t *Topology) *inspection {
	r := NewResolver(t)
	i := &inspection{resolver: r, endpoints: r.endpoints()}
	i.byPlace = make([][]int32, len(r.places))
	return i
}

func (i *inspection) inspect() {
	for a := range i.endpoints {
		for b := a + 1; b < len(i.endpoints); b++ {
			p := pair{a: int32(a), b: int32(b)}
			p.issues, p.places = i.look(i.resolver, p)
			for _, place := range p.places {
				i.byPlace[place] = append(i.byPlace[place], int32(len(i.pairs)))
			}
			i.pairs = append(i.pairs, p)
		}
	}
}

// look judges a pair, and lists the subnets that its packets pass.
func (i *inspection) look(r *Resolver, p pair) ([]issue, []int32) {
	a, b := &i.endpoints[p.a], &i.endpoints[p.b]
	if a.premises && b.premises {
		return nil, nil
	}
	there, back := r.route(a, b), r.route(b, a)
	places := placesOf(there, placesOf(back, nil))
	var issues []issue
	if !there.arrives() {
		issues = append(issues, issue{code: r.codeOf(there, b.Address), trail: there})
	}
	if !back.arrives() {
		issues = append(issues, issue{code: r.codeOf(back, a.Address), trail: back, reversed: true})
	}
	if issues == nil {
		issues = asymmetry(there, back)
	}
	if issues == nil && len(r.topology.NetworkSecurityGroups) > 0 {
		issues = append(r.denials(a, b, false), r.denials(b, a, true)...)
	}
	return issues, places
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

// route walks from one endpoint to the other by routes and peerings alone.
func (r *Resolver) route(from, to *endpoint) trail {
	w := walker{Resolver: r, packet: Packet{Source: from.Address, Destination: to.Address}}
	return w.walk()
}

func (t trail) arrives() bool { return Path{End: t.end}.Arrives() }

func placesOf(t trail, list []int32) []int32 {
	for _, s := range t.steps {
		if s.node.place != nil && !slices.Contains(list, int32(s.node.place.id)) {
			list = append(list, int32(s.node.place.id))
		}
	}
	return list
}

// stateful lists the firewalls and appliances on the way.
func (t trail) stateful() []string {
	var names []string
	for i, s := range t.steps {
		if i > 0 && s.route != nil && (s.node.kind == FirewallNode || s.node.kind == MachineNode) {
			names = append(names, s.node.name)
		}
	}
	return names
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
