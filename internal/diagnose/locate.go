package diagnose

import (
	"slices"

	"github.com/sekisho/sekisho/internal/flow"
)

// travel follows one kind of packet along the stations, as far as rows show it.
// from is the last place that let it through, or the end that sent it; to is
// the next station where it is known not to have come, or the end it was sent
// to. unclear are the stations between, which may have seen it.
type travel struct {
	from, to string
	// shown is true where at least one station let the packet through, lost
	// where a station is known to have missed it.
	shown, lost bool
	unclear     []*station
	// last and next are the stations of from and to; nil for ends.
	last, next *station
}

// follow is the travel of the packets that presence tells of. Stations are in
// the order from the client.
func (q *inquiry) follow(d Direction, is func(*station) presence) travel {
	order := slices.Clone(q.stations)
	t := travel{from: AtClient, to: AtServer}
	if d == Back {
		slices.Reverse(order)
		t.from, t.to = AtServer, AtClient
	}
	begin := 0
	for i, s := range order {
		if is(s) == passed {
			t.from, t.last, t.shown, begin = s.name, s, true, i+1
		}
	}
	for _, s := range order[begin:] {
		switch is(s) {
		case unclear:
			t.unclear = append(t.unclear, s)
		case absent, stopped:
			if !q.expects(s, d) {
				continue
			}
			t.to, t.next, t.lost = s.name, s, true
			return t
		}
	}
	return t
}

// expects reports whether packets of a direction should come to a station: its
// row says so, or the topology does, or nobody knows.
func (q *inquiry) expects(s *station, d Direction) bool {
	return !q.way.known || s.row != nil || s.onTheWay == "both" || s.onTheWay == string(d)
}

// expectedAfter is where a packet should have gone from a place: to the firewall
// that packets of the other direction pass before they come there. It is the
// end where there is none.
func (q *inquiry) expectedAfter(from string, d Direction) string {
	ideal := firewallsOf(q.way.path(opposite(d)))
	slices.Reverse(ideal)
	if i := slices.Index(ideal, from) + 1; i < len(ideal) && (i > 0 || from == sender(d)) {
		return ideal[i]
	}
	return receiver(d)
}

// neighbour is the place before a station in a direction: another station of
// which it is known what passed it, or the end that packets of that direction
// come from.
func (q *inquiry) neighbour(s *station, d Direction) string {
	order := q.inDirection(d)
	for i := slices.Index(order, s) - 1; i >= 0; i-- {
		if order[i].asked && !order[i].lossy() {
			return order[i].name
		}
	}
	return sender(d)
}

// sender is the end that packets of a direction come from.
func sender(d Direction) string {
	if d == Back {
		return AtServer
	}
	return AtClient
}

// receiver is the end that packets of a direction go to.
func receiver(d Direction) string {
	if d == Back {
		return AtClient
	}
	return AtServer
}

// sideDirection is the direction of the packets that a side sends.
func sideDirection(side flow.Side) Direction {
	if side == flow.Server {
		return Back
	}
	return There
}

// sideOf is the side that sends packets of a direction.
func sideOf(d Direction) flow.Side {
	if d == Back {
		return flow.Server
	}
	return flow.Client
}

// wayIndex is where rows keep what is about packets of a direction.
func wayIndex(d Direction) flow.Way {
	if d == Back {
		return flow.FromServer
	}
	return flow.FromClient
}
