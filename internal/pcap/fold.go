package pcap

import (
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Passage is one packet on its way through the firewall: as it was first
// captured, and as it went out where that was captured too.
type Passage struct {
	*Packet
	Gone *Packet // nil where it was not seen going out
	// Stopped is true where it would have been seen going out, and was not.
	Stopped bool
}

const (
	// longestPassage is how long a packet may take through a firewall. Those
	// that were queued longer are no use to anybody.
	longestPassage = time.Second
	// skew is how far the order of two captures of one host may be off.
	skew = 10 * time.Millisecond
)

// Capture is the packets of all files of one firewall, folded.
type Capture struct {
	Passages []*Passage
	// Copies is how many packets were one more sight of a packet.
	Copies int
	// Own is how many packets were the firewall's own traffic and left out.
	Own int
	// BothWays is true if the capture shows packets come in and go out, so that
	// one that is stopped is seen to be.
	BothWays bool
	// Answers is true if some connection has packets of both directions. A
	// capture with a filter for one direction has none.
	Answers     bool
	First, Last time.Time
}

// likeness is what a packet keeps on its way through a firewall, also one that
// translates addresses.
type likeness struct {
	protocol           flow.Protocol
	id                 uint16
	seq, ack           uint32
	flags              flow.TCPFlags
	payload, window    uint16
	icmpType, icmpCode uint8
}

func (p *Packet) likeness() likeness {
	return likeness{p.Tuple.Protocol, p.IPID, p.Seq, p.Ack, p.Flags, p.Payload, p.Window, p.ICMPType, p.ICMPCode}
}

// Fold puts the packets of all files in order, and makes one passage of all
// sights of a packet.
func Fold(packets []*Packet) *Capture {
	slices.SortStableFunc(packets, func(x, y *Packet) int { return x.Time.Compare(y.Time) })
	c := &Capture{}
	open := map[likeness][]*Passage{}
	for _, p := range packets {
		like := p.likeness()
		recent := slices.DeleteFunc(open[like], func(o *Passage) bool { return p.Time.Sub(o.Time) > longestPassage })
		if slices.ContainsFunc(recent, func(o *Passage) bool { return o.takes(p) }) {
			c.Copies++
		} else {
			passage := &Passage{Packet: p}
			recent = append(recent, passage)
			c.Passages = append(c.Passages, passage)
		}
		open[like] = recent
	}
	if len(packets) > 0 {
		c.First, c.Last = packets[0].Time, packets[len(packets)-1].Time
	}
	c.judge()
	return c
}

// takes reports whether a packet is one more sight of the passage's, and keeps
// it. One that is sent again comes in by the same interface.
func (o *Passage) takes(p *Packet) bool {
	if p.At == o.At || o.Gone != nil && p.At == o.Gone.At {
		return false
	}
	hops := int(o.TTL) - int(p.TTL)
	switch {
	case hops == 1 && o.At.Way != Out && p.At.Way != In:
		if o.Gone == nil {
			o.Gone = p
		}
		return true
	case hops == -1 && o.Gone == nil && p.Time.Sub(o.Time) <= skew && o.At.Way != In && p.At.Way != Out:
		o.Packet, o.Gone = p, o.Packet
		return true
	case hops == 0 && p.Tuple == o.Tuple && p.Time.Sub(o.Time) <= skew:
		// A bridge, or the interface of a VLAN and the one below it.
		if o.At.Way == In && p.At.Way == Out && o.Gone == nil {
			o.Gone = p
		}
		return true
	case o.Gone != nil && p.TTL == o.Gone.TTL && p.Tuple == o.Gone.Tuple && p.Time.Sub(o.Gone.Time) <= skew:
		return true
	}
	return false
}

// judge finds out what the capture can show, and from that which packets were
// stopped here and which are the firewall's own.
func (c *Capture) judge() {
	k := newKnowledge(c.Passages)
	c.BothWays, c.Answers = k.passes, k.answers
	c.Passages = slices.DeleteFunc(c.Passages, func(p *Passage) bool {
		own := k.isOwn(p)
		if own {
			c.Own++
		}
		return own
	})
	for _, p := range c.Passages {
		p.Stopped = p.Gone == nil && c.Last.Sub(p.Time) > longestPassage && k.wouldShow(p)
	}
}
