package tracker

import "github.com/sekisho/sekisho/internal/flow"

// take lets a connection take the step that an event is.
func (t *Tracker) take(c *entry, e *flow.Event, way flow.Way) {
	at := e.Time.UnixNano()
	c.events++
	c.history.add(letter(e, way))
	switch e.Flag {
	case flow.SYN:
		t.takeSYN(c, e, way, at)
	case flow.SYNACK:
		t.takeSYNACK(c, e, at)
	case flow.ACK:
		t.takeACK(c, e, at)
	case flow.FIN, flow.FINACK:
		t.takeFIN(c, e, way, at)
	case flow.RST:
		t.takeRST(c, e, way, at)
	case flow.RETRANS:
		t.takeRepeat(c, e, way, at)
	case flow.INVALID:
		t.takeInvalid(c, e, way, at)
	case flow.DENIED:
		t.takeDenied(c, e)
	case flow.ICMPERROR:
		t.takeICMP(c, e)
	}
	c.note(e, way)
	c.last = max(c.last, at)
}

// once keeps the first time of something.
func once(first *int64, at int64) {
	if *first == 0 {
		*first = at
	}
}

// takeSYN takes a SYN: a client's first or repeated one, or the server's in a
// simultaneous open (RFC 9293, section 3.5).
func (t *Tracker) takeSYN(c *entry, e *flow.Event, way flow.Way, at int64) {
	c.syns++
	once(&c.syn, at)
	c.mss[way] = max(c.mss[way], e.MSS)
	c.synData = max(c.synData, e.Payload)
	if way == flow.FromClient && e.TTL != 0 {
		if c.synTTL[0] == 0 || e.TTL < c.synTTL[0] {
			c.synTTL[0] = e.TTL
		}
		c.synTTL[1] = max(c.synTTL[1], e.TTL)
	}
	if c.decision == nil || e.Action == flow.Deny {
		c.decision = t.share(t.config.Describe(e))
	}
	c.reached(requested, at)
	if e.State == flow.StateSynSent {
		once(&c.entered, at)
	}
	if e.Action == flow.Deny {
		t.takeDenied(c, e)
		return
	}
	t.lift(c, e, at)
	c.set(allowed)
	c.unset(unlooked) // it begins here after all
	t.translate(c, e)
	if c.class == strangers || c.class == ended && !c.is(closed) {
		t.move(c, opening)
	}
}

// lift begins a denied connection anew, when a packet of it passes: the policy
// was changed while the client tried.
func (t *Tracker) lift(c *entry, e *flow.Event, at int64) {
	if !c.is(forbidden) {
		return
	}
	c.unset(forbidden | closed)
	c.end, c.since = flow.EndNone, at
	c.decision = t.share(t.config.Describe(e))
}

func (t *Tracker) takeSYNACK(c *entry, e *flow.Event, at int64) {
	t.lift(c, e, at)
	c.synacks++
	once(&c.synack, at)
	c.answer = e.Seq + 1
	c.mss[c.way(e)] = max(c.mss[c.way(e)], e.MSS)
	if c.step == connected || shaken(e.State) {
		c.reacks++ // the server has not seen the ACK, or has no room for it
	}
	c.reached(answered, at)
	t.translate(c, e)
	if c.decision == nil {
		c.decision = t.share(t.config.Describe(e))
	}
	if c.class == strangers || c.class == ended && !c.is(closed) {
		t.move(c, opening)
	}
	if !t.config.Sees.has(Shows(flow.ACK)) {
		t.connect(c)
	}
}

// reached notes that a connection has come to a step.
func (c *entry) reached(s step, at int64) {
	if s > c.step {
		c.step, c.since = s, at
	}
}

// connect notes that the handshake is done.
func (t *Tracker) connect(c *entry) {
	if c.step == connected {
		return
	}
	c.step = connected
	if !c.is(closed) {
		t.move(c, opened)
		t.timers.clear(c) // that of the handshake; plan sets one where there is need
	}
}

// translate learns the tuple that the server sees. At the forward hook the
// destination is translated already, and the source not yet.
func (t *Tracker) translate(c *entry, e *flow.Event) {
	if !e.Connection.IsValid() || e.Packet.Protocol != flow.TCP {
		return
	}
	packet := e.Packet
	if e.Direction == flow.Reply {
		packet = packet.Reverse()
	}
	if packet != e.Connection {
		t.setAlias(c, packet)
	}
}
