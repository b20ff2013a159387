package pcap

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// StoppedReason is the reason of a [flow.Drop] that a capture shows.
const StoppedReason = "came in and never went out"

// FromCapture is the source of such a drop.
const FromCapture flow.DropSource = "capture"

// Handler takes what the packets tell, in the order of time.
type Handler interface {
	Add(*flow.Event)
	AddDrop(flow.Drop)
}

// Events gives what the passages tell to h.
func (c *Capture) Events(h Handler) {
	s := steps{h: h, begin: c.First, known: map[flow.Tuple]*connection{}}
	for _, p := range c.Passages {
		if p.Tuple.Protocol == flow.TCP {
			s.segment(p)
		} else {
			s.icmp(p)
		}
		if p.Stopped {
			h.AddDrop(flow.Drop{Time: p.Time, Source: FromCapture, Tuple: p.Tuple, TCPFlags: p.Flags, ICMPType: p.ICMPType,
				Reason: StoppedReason, Interface: p.At.Interface, Count: 1, TTL: p.TTL, Length: uint32(p.Payload)})
		}
	}
}

// steps follows the connections, as much as it takes to tell what each packet
// is to its connection.
type steps struct {
	h     Handler
	begin time.Time
	known map[flow.Tuple]*connection // by both tuples, undirected, where addresses are translated
}

// connection is what has to be known of one.
type connection struct {
	client flow.Tuple // client to server, as the client sees it; invalid where nobody knows
	// isn are the initial sequence numbers, client and server; begun says which
	// are known.
	isn   [2]uint32
	begun [2]bool
	// waits is true from a SYN-ACK to the ACK that answers it.
	waits  bool
	closed [2]bool // has sent its FIN
	closer flow.Way
	sides  [2]side
}

// beginning is for how long after its begin a capture may have answers to what
// was sent before.
const beginning = time.Second

const handshake = flow.BitSYN | flow.BitACK | flow.BitRST | flow.BitFIN

// segment takes one TCP packet.
func (s *steps) segment(p *Passage) {
	kind := p.Flags & handshake
	c := s.connection(p, kind)
	way := c.way(p)
	flag, text := c.step(p, kind, way)
	if flag == flow.INVALID && kind&flow.BitSYN != 0 && p.Time.Sub(s.begin) < beginning {
		if flag = flow.SYNACK; p.Stopped { // the SYN may have been before the capture
			flag = flow.FlagNone
		}
	}
	c.count(p, way)
	if flag == flow.FlagNone {
		return
	}
	e := c.event(p, way)
	e.Flag = flag
	if flag == flow.INVALID {
		e.Reason, e.ReasonText = flow.InvalidState, text
	}
	s.h.Add(e)
}

// connection finds the connection of a packet. A SYN with another initial
// sequence number opens a new one.
func (s *steps) connection(p *Passage, kind flow.TCPFlags) *connection {
	key := p.Tuple.Undirected()
	c := s.known[key]
	if c == nil && p.Gone != nil {
		c = s.known[p.Gone.Tuple.Undirected()]
	}
	if c == nil || kind == flow.BitSYN && c.begun[0] && c.isn[0] != p.Seq {
		c = &connection{}
	}
	if kind == flow.BitSYN && !c.client.IsValid() {
		c.client = p.Tuple
	}
	if kind == flow.BitSYN|flow.BitACK && !c.client.IsValid() {
		c.client = p.Tuple.Reverse()
	}
	s.known[key] = c
	if p.Gone != nil {
		s.known[p.Gone.Tuple.Undirected()] = c
	}
	return c
}

// way is which side sent a packet. Where nobody knows the client, it is taken
// to have the higher port, and no event says so.
func (c *connection) way(p *Passage) flow.Way {
	switch {
	case c.client.IsValid() && (p.Tuple.Source == c.client.Source || p.Gone != nil && p.Gone.Tuple.Source == c.client.Source):
		return flow.FromClient
	case c.client.IsValid():
		return flow.FromServer
	case p.Tuple.Source.Port() < p.Tuple.Dest.Port():
		return flow.FromServer
	}
	return flow.FromClient
}

// step says what a packet is to its connection; FlagNone where it is no event.
func (c *connection) step(p *Passage, kind flow.TCPFlags, way flow.Way) (flow.Flag, string) {
	switch {
	case kind&flow.BitRST != 0:
		return flow.RST, ""
	case kind == flow.BitSYN:
		c.begun[way], c.isn[way] = true, p.Seq
		return flow.SYN, ""
	case kind == flow.BitSYN|flow.BitACK:
		return c.answer(p, way)
	case kind&flow.BitSYN != 0:
		return flow.FlagNone, "" // no combination that opens anything
	case c.begun[0] && !c.begun[1] && way == flow.FromClient && kind&flow.BitACK != 0 && int32(p.Seq-c.isn[0]) > 0:
		return flow.INVALID, fmt.Sprintf("acknowledges %d, a SYN-ACK that is not in the capture", p.Ack-1)
	case kind&flow.BitFIN != 0:
		return c.close(way), ""
	case c.waits && way == flow.FromClient && kind&flow.BitACK != 0 && int32(p.Ack-c.isn[1]) > 0:
		c.waits = false
		return flow.ACK, ""
	case p.Payload > 0 && c.repeated(p, way):
		return flow.RETRANS, ""
	}
	return flow.FlagNone, ""
}

// answer takes a SYN-ACK.
func (c *connection) answer(p *Passage, way flow.Way) (flow.Flag, string) {
	if !c.begun[0] {
		c.waits, c.isn[1] = true, p.Seq
		return flow.INVALID, fmt.Sprintf("answers %d, a SYN that is not in the capture", p.Ack-1)
	}
	c.begun[way], c.isn[way] = true, p.Seq
	c.waits = true
	return flow.SYNACK, ""
}

// close takes a FIN. That of the side that closes second is a FIN-ACK.
func (c *connection) close(way flow.Way) flow.Flag {
	if way == flow.FromClient {
		c.waits = false
	}
	if !c.closed[0] && !c.closed[1] {
		c.closer = way
	}
	c.closed[way] = true
	if way == c.closer {
		return flow.FIN
	}
	return flow.FINACK
}

// repeated reports whether a segment comes again with nothing in between, for
// the 1st, 2nd, 4th, 8th time.
func (c *connection) repeated(p *Passage, way flow.Way) bool {
	s := &c.sides[way]
	if s.last != (segment{p.Seq, p.Payload}) {
		s.repeats = 0
		return false
	}
	s.repeats++
	return bits.OnesCount(s.repeats) == 1
}
