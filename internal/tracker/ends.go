package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// sameMoment is how far an end and an event of the same packet may be apart:
// they come by different ways.
const sameMoment = int64(2 * time.Second)

// together is how many connections are looked for at once.
const together = 64

// AddEnds takes what AddEnd takes, in order. Their connections have not been
// touched for minutes, and are in no cache of the processor: to wait for one after
// the other would cost more than all the rest. So a processor is asked for several
// at once, first for their slots and then for the entries, and waits once.
func (t *Tracker) AddEnds(list []*flow.ConntrackEnd) {
	for len(list) > 0 {
		n := min(together, len(list))
		t.fetchAll(list[:n])
		for _, e := range list[:n] {
			t.AddEnd(*e)
		}
		list = list[n:]
	}
}

// fetch reads the slot of a hash, for who needs it soon.
func (t *Tracker) fetch(hash uint32) place {
	at := t.table.slots[hash&t.table.mask()].at
	t.fetched += uint32(at)
	return at
}

// fetchAll reads what the connections of some ends begin with.
func (t *Tracker) fetchAll(list []*flow.ConntrackEnd) {
	var places [together]place
	for i, e := range list {
		p, _ := pairOf(e.Connection)
		places[i] = t.fetch(t.table.hash(&p))
	}
	for _, at := range places[:len(list)] {
		if at != 0 {
			t.fetched += t.memory.key(at).hash
		}
	}
}

// AddEnd takes conntrack's word that it forgot a connection.
func (t *Tracker) AddEnd(e flow.ConntrackEnd) {
	if e.Connection.Protocol != flow.TCP || !e.Connection.IsValid() {
		return
	}
	at := e.Time.UnixNano()
	t.advance(at)
	k, _ := t.keyOf(e.Connection, e.Zone)
	c := t.known(&k)
	if c == nil && t.zones.inUse(e.Zone) {
		c = t.adopt(&k, "", "")
	}
	if c != nil && c.before != nil && t.predecessors(c, e, at) {
		c = c.before
	}
	if c == nil || t.tooNew(c, e, at) {
		return
	}
	c.history.add(letterForgotten)
	c.forgotten = at
	if e.Counters != nil {
		c.counters = *e.Counters
		c.set(accounted)
	}
	if e.Translated.IsValid() && e.Translated != e.Connection {
		c.more().translated = e.Translated
	}
	if e.State != 0 {
		c.state = e.State
	}
	t.forget(c, e.Left > 0)
}

// predecessors reports whether an end is that of the connection before: when
// ports are used again, the old entry goes at the moment when the new SYN gets
// one of its own. Where conntrack uses the old entry again, there is one end for
// both, and it is the new one's.
func (t *Tracker) predecessors(c *entry, e flow.ConntrackEnd, at int64) bool {
	if forgotten := c.before.forgotten != 0; forgotten {
		return false
	}
	fits := e.State == 0 || e.State >= flow.StateTimeWait || !c.before.is(closed)
	return c.is(pending) || t.tooNew(c, e, at) || c.entered != 0 && at-c.entered < sameMoment && fits
}

// tooNew reports whether a connection began about when the entry was deleted,
// in a state that it has not reached: the end is another's.
func (t *Tracker) tooNew(c *entry, e flow.ConntrackEnd, at int64) bool {
	return !c.is(closed) && c.step < connected && at-c.first < sameMoment && (shaken(e.State) || e.State == flow.StateClose)
}

// forget notes that conntrack does not know a connection any more.
func (t *Tracker) forget(c *entry, before bool) {
	if !c.is(closed) {
		if before {
			c.set(deletedBefore)
		} else {
			c.set(expiredByTimeout)
		}
		if c.end == flow.EndNone {
			c.end = flow.EndTimeout
		}
	}
	// Not forgotten here: who speaks next finds the state gone.
	t.move(c, ended)
	switch {
	case c.is(gone): // it waits for its time
	case before && !c.is(closed) && c.step < connected:
		c.judge = t.now + patience // why, a counter may tell
	case t.saidAll(c):
		return // nearly always; its timer is set
	default:
		t.tellChanged(c)
	}
	t.plan(c)
}
