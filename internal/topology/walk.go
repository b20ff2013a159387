package topology

import (
	"net/netip"
	"slices"
)

// trail is a path while it is walked.
type trail struct {
	steps   []step
	end     PathEnd
	missing netip.Addr
	network string // of the half peering that blocks
	peering string
	denied  *SecurityDecision
	loop    int // the step to which a loop comes back
}

// step is a node and the route that it chose, nil at the end.
type step struct {
	node     *node
	route    *EffectiveRoute
	security []SecurityDecision
}

// walker takes one packet from node to node.
type walker struct {
	*Resolver
	packet Packet
	// secure asks the security groups; admitted are the nodes that the request
	// has passed, which let the reply through.
	secure   bool
	admitted []*node
	trail    trail
}

// walk follows a packet until it arrives or is lost. Every step either ends
// the path or adds a node that was not there before, so it ends.
func (w *walker) walk() trail {
	src, dst := w.packet.Source, w.packet.Destination
	from := w.sender(src)
	if from == nil {
		w.trail.end = NoSource
		return w.trail
	}
	w.trail.steps = append(w.trail.steps, step{node: from})
	switch from.kind {
	case InternetNode:
		w.enter(from, dst)
	case PremisesNode:
		w.fromPremises(from, dst)
	}
	for w.trail.end == "" {
		w.send(w.last())
	}
	return w.trail
}

func (w *walker) last() *step { return &w.trail.steps[len(w.trail.steps)-1] }

func (w *walker) finish(end PathEnd) { w.trail.end = end }

func (w *walker) finishAt(end PathEnd, missing netip.Addr) {
	w.trail.end, w.trail.missing = end, missing
}

// send lets the last node of the path choose a route and takes it.
func (w *walker) send(s *step) {
	n, dst := s.node, w.packet.Destination
	if n.kind == GatewayNode && w.knows(n, dst) {
		w.toPremises(dst)
		return
	}
	if !w.outbound(s) {
		return
	}
	s.route = w.routesOf(n.place).lookup(dst)
	if s.route == nil {
		w.finish(RouteNone)
		return
	}
	switch s.route.NextHopType {
	case None:
		w.finish(RouteNone)
	case ToInternet:
		w.toInternet(n, dst)
	case ToGateway:
		w.toGateway(n, s.route, dst)
	case VirtualAppliance:
		w.hand(n, s.route.NextHopIPAddress, NoNextHop)
	default:
		w.hand(n, dst, NoInterface)
	}
}

// hand gives the packet to the interface with an address.
func (w *walker) hand(from *node, to netip.Addr, otherwise PathEnd) {
	n := w.nodes[to]
	if n == nil || n.place == nil || !from.place.network.reaches(n.place.network) {
		w.finishAt(otherwise, to)
		return
	}
	w.arrive(from, n)
}

// arrive is where a packet comes to a node, over a peering perhaps.
func (w *walker) arrive(from, n *node) {
	if w.blocked(from, n) {
		return
	}
	seen := slices.IndexFunc(w.trail.steps, func(s step) bool { return s.node == n })
	w.trail.steps = append(w.trail.steps, step{node: n})
	switch {
	case !w.inbound(w.last()):
	case n.kind != GatewayNode && n.address == w.packet.Destination:
		w.finish(Delivered)
	case !n.forwards:
		w.finish(NotForwarding)
	case seen >= 0:
		w.trail.end, w.trail.loop = Looping, seen
	}
}

// blocked reports whether the receiving network refuses forwarded packets of
// the sending one. A gateway's are none: Azure needs no forwarding for them.
func (w *walker) blocked(from, to *node) bool {
	if from.place == nil || from.place.network == to.place.network || from.kind == GatewayNode {
		return false
	}
	half := to.place.network.halves[from.place.network.name]
	if half.forwards() || from.place.network.contains(w.packet.Source) {
		return false
	}
	w.trail.network, w.trail.peering = to.place.network.name, half.Name
	w.finish(PeeringBlocked)
	return true
}
