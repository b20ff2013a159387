package tracker

import "github.com/sekisho/sekisho/internal/flow"

// note keeps what every packet of a connection tells.
func (c *entry) note(e *flow.Event, way flow.Way) {
	if e.Flag == flow.INVALID || e.Packet.Protocol != flow.TCP {
		return
	}
	if c.ttl[way] == 0 && e.Flag != flow.RST {
		c.ttl[way] = e.TTL
	}
	if e.State != 0 && (e.Flag != flow.SYN || !c.is(pending)) {
		c.state = e.State
	}
	c.reach(way, e.Seq+length(e))
	if e.TCPFlags&flow.BitACK != 0 {
		c.reach(other(way), e.Ack)
	}
	if e.OriginalStream.Known || e.ReplyStream.Known {
		c.set(unackedKnown)
		c.unacked = [2]uint32{e.OriginalStream.Unacked, e.ReplyStream.Unacked}
	}
}

// length is how many sequence numbers a segment takes (RFC 9293, section 3.4).
func length(e *flow.Event) uint32 {
	n := uint32(e.Payload)
	if e.TCPFlags&flow.BitSYN != 0 {
		n++
	}
	if e.TCPFlags&flow.BitFIN != 0 {
		n++
	}
	return n
}

// reach notes that a side has come to a sequence number. Numbers go around, so
// what counts is the shorter way.
func (c *entry) reach(way flow.Way, number uint32) {
	if c.next[way] == 0 || int32(number-c.next[way]) > 0 {
		c.next[way] = number
	}
}
