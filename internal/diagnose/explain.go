package diagnose

import "github.com/sekisho/sekisho/internal/topology"

// place is what legs call a hop: an end, or a firewall's name; empty for the
// nodes between that keep no rows.
func place(p topology.Path, i int, d Direction) string {
	switch h := p.Hops[i]; {
	case i == 0:
		return sender(d)
	case i == len(p.Hops)-1 && (p.End == topology.Delivered || h.Address == p.Packet.Destination):
		return receiver(d)
	case h.Kind == topology.FirewallNode:
		return h.Node
	}
	return ""
}

// indexOfPlace finds a place on a path, from a hop on; -1 where it is not there.
func indexOfPlace(p topology.Path, from int, name string, d Direction) int {
	for i := from; i < len(p.Hops); i++ {
		if place(p, i, d) == name {
			return i
		}
	}
	return -1
}

// explain asks the topology why a packet that left one place did not come to
// another one. It is false where the topology says that it should have come.
func (q *inquiry) explain(from, to string, d Direction) (Cause, *Leg, bool) {
	p := q.way.path(d)
	i := indexOfPlace(p, 0, from, d)
	if i < 0 {
		return Cause{}, nil, false
	}
	j := indexOfPlace(p, i+1, to, d)
	if j >= 0 && (p.Arrives() || j < len(p.Hops)-1 || p.End == topology.Looping && to != receiver(d)) {
		return Cause{}, nil, false
	}
	if j < 0 && p.Arrives() {
		return q.past(p, i, d, []string{to})
	}
	return q.endOfPath(p, i, to, d)
}

// causeAt is a cause at a hop, with the route that was chosen there.
func causeAt(code Code, h *topology.Hop) Cause {
	c := Cause{Code: code, Node: h.Node, Network: h.Network, Subnet: h.Subnet}
	if h.Route.State != "" {
		route := h.Route
		c.Route = &route
	}
	return c
}
