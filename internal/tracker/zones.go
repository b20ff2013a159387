package tracker

import "github.com/sekisho/sekisho/internal/flow"

// zone is conntrack's: where it has several, the same tuple may be of one
// connection in each, as of two tenants with the same addresses.
type zone uint32

// unknownZone is that of a packet which conntrack gave to no connection, where
// nothing tells it.
const unknownZone zone = 1 << 16

// id is its number; 0 also where it is not known.
func (z zone) id() uint16 { return uint16(z) }

// maxInterfaces bounds how many interfaces' zones are known.
const maxInterfaces = 4096

// zones are those of interfaces. A packet without a connection has no zone of its
// own, but nearly always its interface has one: that is what rules give zones by.
// Nothing is learnt, and nothing asked, before a zone beside the default one is
// seen: few hosts have any.
type zones struct {
	interfaces map[string]zone // unknownZone: it has several; nil before any is seen
	since      int64           // when the first was seen
}

// inUse reports whether an event's zone is to be looked at.
func (z *zones) inUse(of uint16) bool { return of != 0 || z.interfaces != nil }

// learn takes the zone of a connection for that of its interfaces, with the first
// packet of each direction.
func (z *zones) learn(e *flow.Event) {
	if z.interfaces == nil {
		z.since = e.Time.UnixNano()
	}
	if z.interfaces == nil || len(z.interfaces) >= maxInterfaces {
		z.interfaces = map[string]zone{}
	}
	if e.Flag != flow.SYN && e.Flag != flow.SYNACK {
		return
	}
	for _, name := range [...]string{e.In, e.Out} {
		if is, known := z.interfaces[name]; !known {
			z.interfaces[name] = zone(e.Zone)
		} else if is != zone(e.Zone) {
			z.interfaces[name] = unknownZone
		}
	}
}

// between is the zone of a packet that came in by one interface and is to leave
// by another; a name is empty where that is not known.
func (z *zones) between(in, out string) zone {
	for _, name := range [...]string{in, out} {
		if is, known := z.interfaces[name]; known && name != "" && is != unknownZone {
			return is
		}
	}
	return unknownZone
}

// zoned is the connection that an event may belong to where there are zones; c is
// that of its key, which gets its zone.
func (t *Tracker) zoned(c *entry, k *key, e *flow.Event) *entry {
	if !e.Connection.IsValid() {
		isn, known := t.clientISN(e)
		return t.unzoned(k, e.In, e.Out, func(c *entry) bool { return known && c.began(e, isn) })
	}
	t.zones.learn(e)
	if c == nil {
		c = t.adopt(k, e.In, e.Out)
	}
	return c
}

// unzoned finds the connection of a packet that has no zone of its own: by the
// zone of its interfaces or, where they have several, as the only one between
// them. That with the packet's own numbers is surely it.
func (t *Tracker) unzoned(k *key, in, out string, numbered func(*entry) bool) *entry {
	if k.zone = t.zones.between(in, out); k.zone != unknownZone {
		if c := t.lookup(k); c != nil {
			return c
		}
		return t.adopt(k, in, out)
	}
	var found *entry
	several := false
	for at := range t.table.inAnyZone(k, &t.memory) {
		c := t.entryAt(at)
		switch {
		case numbered(c):
			return c
		case c.key.zone == unknownZone, c.between(in, out):
			found, several = c, found != nil
		}
	}
	if several {
		return nil
	}
	return found
}

// adopt gives a zone to a connection that has none because nobody knew it: it
// began with a packet that conntrack gave to none, or was recorded by a program
// that did not ask. nil where there is no such one.
func (t *Tracker) adopt(k *key, in, out string) *entry {
	for at := range t.table.inAnyZone(k, &t.memory) {
		c := t.entryAt(at)
		early := c.key.zone == 0 && c.first < t.zones.since
		if k.zone != 0 && (early || c.key.zone == unknownZone) && c.between(in, out) {
			t.rezone(c, k.zone)
			return c
		}
	}
	return nil
}

// rezone gives another zone to a connection and to the ones that had its ports
// before. Its place in the table does not depend on it.
func (t *Tracker) rezone(c *entry, to zone) {
	aliased := t.aliases[t.aliasKey(c)] == c
	t.dropAlias(c)
	if c.key.zone = to; aliased {
		t.aliases[t.aliasKey(c)] = c
	}
	if c.before != nil {
		t.rezone(c.before, to)
	}
}

// between reports whether a packet went by the interfaces of the connection's
// first one, in either direction, as far as they are known.
func (c *entry) between(in, out string) bool {
	has := func(name string) bool { return name == "" || name == c.in || name == c.out }
	return has(in) && has(out)
}
