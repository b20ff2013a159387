package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Name names a connection to conntrack: its original tuple, and its zone.
type Name struct {
	Tuple flow.Tuple
	Zone  uint16
}

// Silent returns connections that are open and had no event since a moment, at
// most so many. It looks at no more than a number of entries, from where it has
// stopped the last time, so that all have their turn.
func (t *Tracker) Silent(since time.Time, look, most int) (list []Name) {
	for range min(look, t.memory.entries.n) {
		t.looked = t.looked%place(t.memory.entries.n) + 1
		c := t.memory.entries.at(t.looked)
		if t.isSilent(c, since.UnixNano()) {
			list = append(list, Name{c.tuple(), c.key.zone.id()})
		}
		if len(list) == most {
			break
		}
	}
	return list
}

// isSilent is about the newest connection of a tuple: conntrack could mean another.
func (t *Tracker) isSilent(c *entry, since int64) bool {
	return c.class == opened && c.last < since && c.after == nil && !c.is(pending)
}

// Unknown takes it that conntrack, when it was asked at a moment, did not know a
// connection. Its end was not told, so it was that of a connection that both sides
// had closed or one had reset, by packets that did not come to where events are
// recorded: other rules have dropped them before, or the host had no route for them.
func (t *Tracker) Unknown(n Name, at time.Time) {
	t.advance(at.UnixNano())
	k, _ := t.keyOf(n.Tuple, n.Zone)
	c := t.known(&k)
	if c == nil || !t.isSilent(c, at.UnixNano()) {
		return
	}
	c.history.add(letterForgotten)
	c.forgotten = at.UnixNano()
	c.end = flow.EndUnseen
	t.move(c, ended)
	t.tellChanged(c)
	t.plan(c)
}
