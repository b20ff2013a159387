package topology

// Path follows a packet in one direction, with a resolver of its own; see
// [Resolver.Path].
func (t *Topology) Path(p Packet) Path { return NewResolver(t).Path(p) }

// RoundTrip follows a packet and its answer; see [Resolver.RoundTrip].
func (t *Topology) RoundTrip(p Packet) RoundTrip { return NewResolver(t).RoundTrip(p) }

// Path follows a packet from node to node as Azure does: each one chooses the
// next hop by the effective routes of its own subnet, and the security groups
// are asked at every interface on the way, out of it and into it. Firewalls
// are taken to let everything through; what they decide is for their policies.
//
// An address without an interface is a sender where it is in a subnet, on the
// premises behind a gateway, or on the internet. A packet from the internet
// comes in where the destination's own packets go out, because Azure
// translates addresses there.
//
// For a reply, the request is followed first, to know which interfaces have
// admitted the flow.
func (r *Resolver) Path(p Packet) Path {
	w := walker{Resolver: r, packet: unmapped(p), secure: true}
	if p.Reply {
		request := walker{Resolver: r, packet: w.packet.Answer(), secure: true}
		w.admitted = request.walk().nodes()
	}
	return w.walk().path(w.packet)
}

// RoundTrip follows a packet and its answer. The way back is told also where
// the packet does not arrive: it is the one that an answer would take.
func (r *Resolver) RoundTrip(p Packet) RoundTrip {
	there := walker{Resolver: r, packet: unmapped(p), secure: true}
	t := there.walk()
	back := walker{Resolver: r, packet: there.packet.Answer(), secure: true, admitted: t.nodes()}
	return RoundTrip{There: t.path(there.packet), Back: back.walk().path(back.packet)}
}

func unmapped(p Packet) Packet {
	p.Source, p.Destination = p.Source.Unmap(), p.Destination.Unmap()
	return p
}

func (t trail) nodes() []*node {
	list := make([]*node, len(t.steps))
	for i, s := range t.steps {
		list[i] = s.node
	}
	return list
}

// path makes the trail readable for others.
func (t trail) path(p Packet) Path {
	result := Path{Packet: p, End: t.end, Missing: t.missing, Network: t.network, Peering: t.peering, Denied: t.denied,
		Hops: make([]Hop, len(t.steps))}
	for i, s := range t.steps {
		result.Hops[i] = s.hop()
	}
	if t.end == Looping {
		result.Loop = result.Hops[t.loop : len(result.Hops)-1]
	}
	return result
}

func (s step) hop() Hop {
	n := s.node
	h := Hop{Node: n.name, Kind: n.kind, Address: n.address, Security: s.security}
	if n.place != nil {
		h.Network, h.Subnet, h.Table = n.place.network.name, n.place.subnet, n.place.table
	}
	if s.route != nil {
		h.Route = *s.route
	}
	return h
}
