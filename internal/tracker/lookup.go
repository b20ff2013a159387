package tracker

import "github.com/sekisho/sekisho/internal/flow"

// Known reports whether there is a connection that a packet may be of, whose
// event tells none, and the id of the newest; empty where that is not known. Its
// source and destination may be either, as the client or as the server names them.
func (t *Tracker) Known(e *flow.Event) (id string, known bool) {
	k, _ := t.keyOf(e.Packet, 0)
	c := t.lookup(&k)
	if t.zones.inUse(0) {
		c = t.zoned(c, &k, e)
	}
	if c == nil {
		return "", false
	}
	return c.id, true
}
