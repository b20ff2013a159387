package pcap

import (
	"net/netip"

	"github.com/sekisho/sekisho/internal/flow"
)

// side is one direction of the data.
type side struct {
	sent  bool
	next  uint32 // the number after the highest one sent
	acked uint32 // by the other side
	known bool   // acked is
	// last is the last segment, if it had data and nothing came after it, and
	// repeats how often it came again.
	last    segment
	repeats uint
}

type segment struct {
	seq  uint32
	size uint16
}

// count keeps what a packet tells of both directions.
func (c *connection) count(p *Passage, way flow.Way) {
	if p.Flags&flow.BitRST != 0 {
		return // its numbers are those of the other side, or none
	}
	own, other := &c.sides[way], &c.sides[1-way]
	end := p.Seq + uint32(p.Payload)
	if p.Flags&(flow.BitSYN|flow.BitFIN) != 0 {
		end++
	} else {
		other.last, own.last = segment{}, segment{}
		if p.Payload > 0 {
			own.last = segment{p.Seq, p.Payload}
		}
	}
	if !own.sent || int32(end-own.next) > 0 {
		own.sent, own.next = true, end
	}
	if p.Flags&flow.BitACK != 0 && (!other.known || int32(p.Ack-other.acked) > 0) {
		other.known, other.acked = true, p.Ack
	}
}

// stream is how far one direction has come.
func (s *side) stream() flow.Stream {
	if !s.sent || !s.known {
		return flow.Stream{}
	}
	return flow.Stream{Known: true, Sent: s.next, Unacked: uint32(max(int32(s.next-s.acked), 0))}
}

// event is a packet as our own recorder would have it.
func (c *connection) event(p *Passage, way flow.Way) *flow.Event {
	e := &flow.Event{Time: p.Time, Packet: p.Tuple, TCPFlags: p.Flags, Seq: p.Seq, Ack: p.Ack, Window: p.Window,
		MSS: p.MSS, TTL: p.TTL, IPID: p.IPID, Payload: p.Payload, In: p.At.Interface,
		OriginalStream: c.sides[flow.FromClient].stream(), ReplyStream: c.sides[flow.FromServer].stream()}
	if p.Gone != nil {
		e.Out = p.Gone.At.Interface
		if way == flow.FromClient {
			e.Packet = p.Gone.Tuple // as the server sees it
		}
	}
	if c.client.IsValid() && c.begun[0] {
		e.Connection, e.Direction = c.client, flow.Original
		if way == flow.FromServer {
			e.Direction = flow.Reply
		}
	}
	return e
}

// icmp takes an ICMP error about a connection that is known.
func (s *steps) icmp(p *Passage) {
	c := s.known[p.Inner.Undirected()]
	if c == nil || !c.client.IsValid() {
		return
	}
	e := &flow.Event{Time: p.Time, Flag: flow.ICMPERROR, Packet: withoutPorts(p.Tuple), Connection: c.client, Direction: flow.Reply,
		ICMPType: p.ICMPType, ICMPCode: p.ICMPCode, TTL: p.TTL, IPID: p.IPID, In: p.At.Interface}
	if p.Inner.Source != c.client.Source {
		e.Direction = flow.Original // it goes to the server
	}
	s.h.Add(e)
}

func withoutPorts(t flow.Tuple) flow.Tuple {
	t.Source = netip.AddrPortFrom(t.Source.Addr(), 0)
	t.Dest = netip.AddrPortFrom(t.Dest.Addr(), 0)
	return t
}
