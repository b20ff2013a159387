package diagnose

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/topology"
)

// refused is certain: an RST came. s is the firewall nearest to the server that
// saw it.
func (q *inquiry) refused(s *station) {
	t := q.follow(There, (*station).syn)
	if t.lost && t.next.row == nil {
		q.settle(leg(s.name, t.to, There), flow.StepSYN,
			Cause{Code: RefusedBetween, Node: s.name, Misses: []string{t.to}})
		q.relyOn(t.next)
		q.v.Certainty = weaker(q.v.Certainty, flow.Likely)
		return
	}
	for _, o := range t.unclear {
		for _, d := range o.doubts {
			q.doubt(d, flow.Likely) // it may have been refused before there
		}
	}
	q.settle(at(AtServer), flow.StepSYN, Cause{Code: PortClosed, Node: q.nameOf(AtServer), Side: flow.Server})
	q.v.Scan = scan(q.c.Connections, s.row)
}

// unreachable is certain too: whoever sent the ICMP error says why.
func (q *inquiry) unreachable(s *station) {
	c := Cause{Code: ICMPError, Node: s.name}
	where := leg(s.name, AtServer, There)
	if note := s.row.ICMP; note != nil {
		c.Address = note.From.Unmap()
		c.Packet = &PacketRef{Text: note.Text}
		if r, ok := q.resource(c.Address); ok {
			c.Node = r.name
		}
		switch {
		case c.Address == q.serverAddress().Addr() || c.Address == q.talk.server.Addr():
			where, c.Node = at(AtServer), q.nameOf(AtServer)
		case q.stationNamed(c.Node) != nil && c.Node != s.name:
			where = at(c.Node)
		case c.Node == s.name && !q.isStation(c.Address):
			c.Node = ""
		}
	}
	q.settle(where, flow.StepSYN, c)
	if cause, loop, ok := q.loop(); ok {
		q.settle(loop, flow.StepSYN, cause)
	}
}

// isStation reports whether the address is a firewall's by the topology.
func (q *inquiry) isStation(a netip.Addr) bool {
	r, ok := q.resource(a)
	return ok && q.stationNamed(r.name) != nil
}

// loop recognises a routing loop: by the topology, or by one SYN that came again
// and again with a lower TTL.
func (q *inquiry) loop() (Cause, *Leg, bool) {
	for _, p := range []topology.Path{q.way.there, q.way.back} {
		if p.End == topology.Looping {
			q.explained = true
			return loopCause(p)
		}
	}
	var in []string
	for _, s := range q.stations {
		if s.row != nil && falling(s.row) {
			in = append(in, s.name)
		}
	}
	if len(in) == 0 {
		return Cause{}, nil, false
	}
	where := leg(in[0], AtServer, There)
	if len(in) > 1 {
		where = leg(in[0], in[len(in)-1], Either)
	}
	return Cause{Code: RoutingLoop, Misses: nil}, where, true
}

// falling tells a SYN in a loop: it comes again and again with less to live.
func falling(c *flow.Connection) bool {
	return c.SYNTTL[0] > 0 && c.SYNTTL[1]-c.SYNTTL[0] >= 2 && c.SYNs > 2
}

// reset is an RST while data was on its way.
func (q *inquiry) reset(s *station) {
	d := sideDirection(s.row.Verdict.By)
	if s.row.Verdict.By != flow.Client && s.row.RSTs[flow.FromServer] > 0 {
		d = Back
	}
	c := Cause{Code: ResetBySide, Side: sideOf(d)}
	stuck := cmp.Or(s.row.Verdict.StuckAt, flow.StepData)
	if s.row.End == flow.EndReplaced {
		q.settle(at(AtClient), stuck, Cause{Code: PortsReused, Node: q.nameOf(AtClient), Side: flow.Client})
		return
	}
	if s.row.Verdict.By != flow.Middlebox && !q.resetBetween(s, d) {
		c.Node = q.nameOf(sender(d))
		q.settle(at(sender(d)), stuck, c)
		return
	}
	way := wayIndex(d)
	c.Code = ResetByMiddle
	c.Packet = &PacketRef{Flags: flow.BitRST.String(), TTL: s.row.RSTTTL, SideTTL: s.row.TTL[way]}
	// It came from before the first station, in its direction, that saw it.
	first := s
	for _, o := range q.inDirection(d) {
		if o.row != nil && o.row.RSTs[way] > 0 {
			first = o
			break
		}
	}
	q.settle(leg(q.neighbour(first, d), first.name, d), stuck, c)
}

// resetBetween reports whether an RST passed one firewall and not the one
// before it, which has seen the connection and lost nothing.
func (q *inquiry) resetBetween(s *station, d Direction) bool {
	side := wayIndex(d)
	order := q.inDirection(d)
	i := slices.Index(order, s)
	return i > 0 && order[i-1].row != nil && !order[i-1].lossy() && order[i-1].row.RSTs[side] == 0 && s.row.RSTs[side] > 0 &&
		established(order[i-1].row)
}

// inDirection are the stations in the order in which packets of a direction
// pass them.
func (q *inquiry) inDirection(d Direction) []*station {
	order := slices.Clone(q.stations)
	if d == Back {
		slices.Reverse(order)
	}
	return order
}
