package capture

import "slices"

// packetKey is what two programs say alike about one packet, whatever their
// layouts are: not conntrack's zone, which one of them may not know.
type packetKey struct {
	saddr, daddr                  [4]uint32 // of IPv4 the first word
	sport, dport                  uint16
	seq, ack                      uint32
	in, out                       uint32
	window, id, payload           uint16
	flag, protocol, ttl, tcpFlags uint8
	v6                            bool
}

func packetKeyOf(r *record) packetKey {
	e := &r.E
	k := packetKey{saddr: r.Saddr, daddr: r.Daddr, sport: e.Sport, dport: e.Dport, seq: e.TcpSeq, ack: e.TcpAck,
		in: e.InIfindex, out: e.OutIfindex, window: e.Window, id: e.IpId, payload: e.Payload, flag: e.Flag,
		protocol: e.Protocol, ttl: e.Ttl, tcpFlags: e.TcpFlags, v6: r.v6}
	if !r.v6 {
		k.saddr[0], k.daddr[0] = e.Saddr, e.Daddr
	}
	return k
}

// together is how far apart two programs at the same hook can be with the same
// packet: usually less than a microsecond, but for interrupts and a host that
// takes the CPU away. What looks the same and comes again later than this is
// another packet.
const together = 50_000_000 // ns

// sighting is when a program has seen a packet.
type sighting struct {
	time   int64
	paired bool
}

// twins knows which packets a program has seen, to tell which of another's it
// has seen too.
type twins map[packetKey][]sighting

func (t twins) add(r *record) {
	k := packetKeyOf(r)
	t[k] = append(t[k], sighting{time: int64(r.E.TimeNs)})
}

// take reports whether the packet of an event was seen, and pairs them: of
// several that look alike, that which is nearest in time.
func (t twins) take(r *record) bool {
	list := t[packetKeyOf(r)]
	nearest, distance := -1, int64(together)
	for i := range list {
		d := list[i].time - int64(r.E.TimeNs)
		if d = max(d, -d); !list[i].paired && d < distance {
			nearest, distance = i, d
		}
	}
	if nearest < 0 {
		return false
	}
	list[nearest].paired = true
	return true
}

// leaveOut marks the events of regions which are in the rings of later
// programs too, and takes them from the counters.
func leaveOut(regions []region, later []*set, counters *tally) error {
	seen, err := seenBy(later)
	if err != nil {
		return err
	}
	for i := range regions {
		if err := seen.leaveOut(&regions[i], counters); err != nil {
			return err
		}
	}
	return nil
}

// seenBy are the packets in rings that nobody has read yet.
func seenBy(sets []*set) (twins, error) {
	known := slices.DeleteFunc(slices.Clone(sets), func(s *set) bool { return !s.layout.known() })
	regions, _, err := peekAll(known, everything)
	if err != nil {
		return nil, err
	}
	seen := twins{}
	for i := range regions {
		for _, sample := range regions[i].samples() {
			e, err := regions[i].layout.parse(sample)
			if err != nil {
				return nil, err
			}
			seen.add(&e)
		}
	}
	return seen, nil
}

func (t twins) leaveOut(g *region, counters *tally) error {
	type placed struct {
		at uint32
		record
	}
	var events []placed
	for at, sample := range g.samples() {
		e, err := g.layout.parse(sample)
		if err != nil {
			return err
		}
		events = append(events, placed{at, e})
	}
	// The newest first: those that both saw are the end of this region.
	for _, e := range slices.Backward(events) {
		if t.take(&e.record) {
			g.skip = append(g.skip, e.at)
			counters.Recorded[e.E.Flag]--
		}
	}
	slices.Sort(g.skip)
	return nil
}
