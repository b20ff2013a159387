package tracker

import "github.com/sekisho/sekisho/internal/flow"

// find returns the connection that an event belongs to; a new one where it is
// the first of one.
//
// The ports of a connection are used again, and conntrack uses its entry again
// with them (after a server's RST, say). What tells two connections apart is
// the client's initial sequence number.
func (t *Tracker) find(e *flow.Event, tuple flow.Tuple) *entry {
	k, source := t.keyOf(tuple, e.Zone)
	c := t.lookup(&k)
	if t.zones.inUse(e.Zone) {
		c = t.zoned(c, &k, e)
	}
	if c != nil {
		isn, known := t.clientISN(e)
		if same := t.among(c, e, isn, known); same != nil {
			if known && !same.is(hasISN) {
				same.learnISN(isn)
			}
			return same
		}
	}
	return t.begin(e, tuple, &k, source)
}

func (t *Tracker) lookup(k *key) *entry {
	if c := t.known(k); c != nil {
		return c
	}
	if len(t.aliases) == 0 {
		return nil
	}
	return t.aliases[*k]
}

// known is the newest connection of a key.
func (t *Tracker) known(k *key) *entry {
	if s := t.table.find(k, &t.memory); s.at != 0 {
		return t.entryAt(s.at)
	}
	return nil
}

// among returns which incarnation of the tuple an event belongs to; nil for a
// new one.
func (t *Tracker) among(c *entry, e *flow.Event, isn uint32, known bool) *entry {
	switch {
	case c.events == 0: // only drops so far
		return c
	case !t.config.Sees.has(Numbers):
		if c.is(closed) && (e.Flag == flow.SYN || e.Flag == flow.SYNACK) {
			return nil
		}
		return c
	case !known, e.Flag == flow.INVALID && e.TCPFlags&handshakeBits == flow.BitSYN && c.wayOf(e.Packet) == flow.FromServer:
		return t.claimant(c, e) // an INVALID SYN of the server's begins nothing
	case c.began(e, isn), !c.is(hasISN) && c.class == opening:
		if c.is(pending) && !alive(e.State) {
			t.confirm(c)
		}
		return c
	case c.is(pending) && c.before.began(e, isn):
		return c.before
	}
	return nil
}

// began reports whether a packet tells the connection's initial sequence
// number. A SYN-ACK acknowledges the data of the SYN too, if it takes it.
func (c *entry) began(e *flow.Event, isn uint32) bool {
	return c.is(hasISN) && (isn == c.isn || e.TCPFlags&flow.BitACK != 0 && isn-c.isn <= uint32(c.synData))
}

// claimant decides about a packet that tells no initial sequence number. As
// long as a SYN on a live connection has no answer, the packets belong to the
// live one; those that go on where the SYN began prove it wrong.
func (t *Tracker) claimant(c *entry, e *flow.Event) *entry {
	if !c.is(pending) {
		return c
	}
	if e.Seq == c.isn+1 || e.Ack == c.isn+1 {
		t.confirm(c)
		return c
	}
	live := c.before
	if live.way(e) == flow.FromClient && e.Flag != flow.RST && e.Flag != flow.INVALID && c.events == 1 {
		t.release(c) // the client goes on: its connection is the live one
	}
	return live
}

// begin makes the entry of a new connection, the successor of another one where
// there is one.
func (t *Tracker) begin(e *flow.Event, tuple flow.Tuple, k *key, source endpoint) *entry {
	class := opening
	if e.Flag == flow.INVALID {
		class = strangers
	}
	t.makeRoom(class) // first: it may be the predecessor that goes
	before := t.predecessor(k)
	client, guess := clientOf(e, tuple, source)
	c := t.create(k, client, class)
	if guess {
		c.set(guessed)
		c.history.add(letterGuessed)
	}
	if isn, known := t.clientISN(e); known {
		c.learnISN(isn)
	}
	c.in, c.out = e.In, e.Out
	c.first = e.Time.UnixNano()
	c.last = c.first
	if before != nil {
		t.succeed(before, c, e)
	}
	return c
}

// predecessor is the connection that had the ports before. A SYN that was to
// replace it and came to nothing makes place for the next one.
func (t *Tracker) predecessor(k *key) *entry {
	before := t.known(k)
	if before != nil && before.is(pending) {
		live := before.before
		before.end = flow.EndReplaced
		t.release(before)
		return live
	}
	return before
}

// succeed makes c the successor of a connection: at once where that one is
// over, and only in a while where conntrack still follows it.
func (t *Tracker) succeed(before, c *entry, e *flow.Event) {
	if older := before.before; older != nil {
		t.release(older)
	}
	before.after, c.before = c, before
	t.dropAlias(before)
	if t.lives(before, e) {
		c.set(pending)
		return
	}
	t.replace(before)
}

// lives reports whether a connection goes on after the first packet of another
// one with the same ports.
func (t *Tracker) lives(c *entry, e *flow.Event) bool {
	if c.is(closed) || c.class == strangers {
		return false
	}
	if e.State == 0 { // INVALID, or a source that does not tell
		return c.step == connected
	}
	return alive(e.State)
}

// confirm makes a successor the connection of its ports.
func (t *Tracker) confirm(c *entry) {
	c.unset(pending)
	if c.before != nil {
		t.replace(c.before)
	}
}

// replace ends a connection whose ports have a new one.
func (t *Tracker) replace(c *entry) {
	if c.is(closed) {
		return
	}
	c.set(closed)
	if c.end == flow.EndNone {
		c.end = flow.EndReplaced
	}
	t.settle(c)
}
