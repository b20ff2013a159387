package pcap

import (
	"net/netip"

	"github.com/sekisho/sekisho/internal/flow"
)

// knowledge is what all packets together tell of the capture and the firewall.
type knowledge struct {
	passes  bool                    // some packet was seen coming in and going out
	any     bool                    // the capture is of all interfaces
	answers bool                    // some connection has both directions
	ours    map[hardware]bool       // the firewall's interfaces
	own     map[netip.Addr]bool     // its addresses: what it sends came in nowhere
	reached map[netip.Addr]bool     // destinations that packets were seen going out to
	seen    map[flow.Tuple]struct{} // tuples, by direction
}

func newKnowledge(passages []*Passage) *knowledge {
	k := &knowledge{ours: map[hardware]bool{}, own: map[netip.Addr]bool{}, reached: map[netip.Addr]bool{}, seen: map[flow.Tuple]struct{}{}}
	for _, p := range passages {
		k.any = k.any || p.At.Way != Unknown
		if p.Gone != nil {
			k.passes = true
			k.reached[p.Tuple.Dest.Addr()] = true
			k.learn(p.to)
			k.learn(p.Gone.from)
		}
	}
	for _, p := range passages {
		k.sees(p)
	}
	return k
}

// learn notes an Ethernet address as one of the firewall's own.
func (k *knowledge) learn(h hardware) {
	if h != (hardware{}) {
		k.ours[h] = true
	}
}

func (k *knowledge) sees(p *Passage) {
	if p.Tuple.Protocol == flow.TCP {
		k.answered(p.Tuple)
		if p.Gone != nil {
			k.answered(p.Gone.Tuple)
		}
	}
	// An RST may be the firewall's too, in the name of a server.
	if k.passes && k.way(p) == Out && p.Gone == nil && p.Flags&flow.BitRST == 0 && p.Tuple.Protocol == flow.TCP {
		k.own[p.Tuple.Source.Addr()] = true
	}
}

func (k *knowledge) answered(t flow.Tuple) {
	k.seen[t] = struct{}{}
	_, back := k.seen[t.Reverse()]
	k.answers = k.answers || back
}

// way is whether a packet was coming or going, where that can be told.
func (k *knowledge) way(p *Passage) Way {
	switch {
	case p.At.Way != Unknown:
		return p.At.Way
	case k.ours[p.to]:
		return In
	case k.ours[p.from]:
		return Out
	}
	return Unknown
}

// isOwn reports whether a TCP packet is from or to the firewall itself.
func (k *knowledge) isOwn(p *Passage) bool {
	return p.Gone == nil && p.Tuple.Protocol == flow.TCP && (k.own[p.Tuple.Source.Addr()] || k.own[p.Tuple.Dest.Addr()])
}

// wouldShow reports whether a packet that came in would have been captured as
// it went out.
func (k *knowledge) wouldShow(p *Passage) bool {
	return k.passes && k.way(p) == In && (k.any || k.reached[p.Tuple.Dest.Addr()])
}
