package tracker

import "github.com/sekisho/sekisho/internal/flow"

// takeFIN takes the FIN of one side. A FIN-ACK is the FIN of the side that
// closes second, so it tells of the first one too.
func (t *Tracker) takeFIN(c *entry, e *flow.Event, way flow.Way, at int64) {
	c.fins[way]++
	t.connect(c)
	c.progress(e, way)
	if c.facts&(finClient|finServer) == 0 {
		c.closer = way
		if e.Flag == flow.FINACK {
			c.closer = other(way)
		}
	}
	c.set(finOf(way))
	if e.Flag == flow.FINACK {
		once(&c.finack, at)
		c.set(finOf(other(way)))
	} else {
		once(&c.fin, at)
	}
	if c.is(finClient | finServer) {
		t.close(c, flow.EndFIN)
	}
}

func finOf(way flow.Way) facts {
	if way == flow.FromClient {
		return finClient
	}
	return finServer
}

// takeRST takes an RST. It ended the connection only if conntrack says so: one
// with a wrong sequence number does not.
func (t *Tracker) takeRST(c *entry, e *flow.Event, way flow.Way, at int64) {
	c.rsts[way]++
	if shaken(e.State) {
		t.connect(c)
	}
	if e.State != 0 && e.State != flow.StateClose {
		return
	}
	c.progress(e, way)
	if c.rst == 0 {
		c.rst, c.rstTTL, c.rstBy = at, e.TTL, way
		if refuses(c, e) {
			c.set(refusal)
		}
	}
	if c.is(closed) {
		return
	}
	if successor := c.after; successor != nil && successor.is(pending) {
		// The answer to a SYN on a live connection made the client reset it.
		t.close(c, flow.EndReplaced)
		t.confirm(successor)
		return
	}
	t.close(c, flow.EndRST)
}

// refuses reports whether an RST is the answer to the SYN and to nothing else:
// its sequence number is 0, as nobody has one there (RFC 9293, section 3.5.2),
// and it acknowledges the SYN, with its data where it carried some.
func refuses(c *entry, e *flow.Event) bool {
	return e.TCPFlags&flow.BitACK != 0 && e.Seq == 0 && c.is(hasISN) && e.Ack-c.isn-1 < 1<<16
}

// close ends a connection.
func (t *Tracker) close(c *entry, why flow.EndReason) {
	if c.is(closed) {
		return
	}
	c.set(closed)
	c.end = why
	t.move(c, ended)
}

// takeDenied takes a packet that the policy denies: a SYN, or one in the middle
// after a change.
func (t *Tracker) takeDenied(c *entry, e *flow.Event) {
	c.denials++
	if c.is(closed) && !c.is(forbidden) {
		return
	}
	if e.Flag == flow.SYN && !c.is(allowed) {
		c.set(forbidden)
		t.close(c, flow.EndDenied)
		return
	}
	c.decision = t.share(t.config.Describe(e))
	if shaken(e.State) {
		t.connect(c) // whatever was seen of its handshake
	}
	c.set(cutOff)
	if t.policy.at != 0 {
		c.more().revision = t.policy.revision
	}
	t.close(c, flow.EndPolicy)
}

// takeICMP takes an ICMP error about a connection. Those of type 3 but
// "fragmentation needed", 11 and 12, and their like in ICMPv6, end an attempt
// (RFC 1122, section 4.2.3.9: a client gives up while it connects).
func (t *Tracker) takeICMP(c *entry, e *flow.Event) {
	c.errors++
	if !ends(e) {
		return
	}
	if more := c.more(); more.icmp == nil {
		more.icmp = &flow.ICMPNote{Time: e.Time, From: e.Packet.Source.Addr(),
			Text: flow.ICMPText(e.Packet.Protocol, e.ICMPType, e.ICMPCode)}
	}
	if c.step <= requested {
		c.set(hardError)
	}
}

func ends(e *flow.Event) bool {
	if e.Packet.Protocol == flow.ICMP {
		return e.ICMPType == 3 && e.ICMPCode != 4 || e.ICMPType == 11 || e.ICMPType == 12
	}
	return e.ICMPType == 1 || e.ICMPType == 3 || e.ICMPType == 4
}
