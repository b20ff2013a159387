package tracker

import "github.com/sekisho/sekisho/internal/flow"

// class is who makes room for whom: the first ones go first.
type class uint8

const (
	ended     class = iota // told, and kept for what comes late
	strangers              // nothing but packets that belong to no connection
	opening                // the handshake is not done
	opened                 // it is
	classes
)

// strangersShare is what part of the table strangers may take: a flood of
// random tuples drives out nobody but itself.
const strangersShare = 4

// create makes an entry for a tuple. There must be room for it.
func (t *Tracker) create(k *key, client endpoint, class class) *entry {
	c := t.memory.entries.take(t.config.Limit)
	c.key, c.client, c.class = *k, client, class
	c.first, c.last = t.now, t.now
	t.classes[class].push(c)
	t.table.put(c, &t.memory)
	return c
}

// size is how many connections are known.
func (t *Tracker) size() int {
	n := 0
	for i := range t.classes {
		n += t.classes[i].n
	}
	for i := range t.memory.shelves {
		n += t.memory.shelves[i].n
	}
	return n
}

// makeRoom evicts who goes first, where there is no room for one more.
func (t *Tracker) makeRoom(newcomer class) {
	if s := &t.classes[strangers]; newcomer == strangers && s.n >= max(1, t.config.Limit/strangersShare) {
		t.evict(s.front)
	}
	if t.size() < t.config.Limit {
		return
	}
	if s := t.longestEnded(); s != nil {
		t.stats.Dropped++
		t.drop(s, s.oldest())
		return
	}
	for i := range t.classes {
		if c := t.classes[i].front; c != nil {
			t.evict(c)
			return
		}
	}
}

// evict tells a connection because its memory is needed, and forgets it.
func (t *Tracker) evict(c *entry) {
	if c.class == ended {
		t.stats.Dropped++
	} else {
		t.stats.Evicted++
	}
	if c.end == flow.EndNone {
		c.end = flow.EndEvicted
	}
	t.release(c)
}

// release tells what there is still to tell about a connection and gives its
// memory back.
func (t *Tracker) release(c *entry) {
	if c.is(pending) && c.events == 1 && c.before != nil {
		t.giveBack(c)
	} else {
		t.tellLast(c)
	}
	t.table.remove(c.place, c.key.hash)
	t.dropAlias(c)
	if c.before != nil {
		c.before.after = nil
	}
	if c.after != nil {
		c.after.before = nil
		c.after.unset(pending)
	}
	t.timers.clear(c)
	t.classes[c.class].remove(c)
	t.memory.entries.giveBack(c)
}

// giveBack takes a SYN on a live connection that came to nothing for a packet
// of that connection, which has its tuple to itself again.
func (t *Tracker) giveBack(c *entry) {
	live := c.before
	live.events += c.events
	live.syns += c.syns
	live.history.add('S')
	t.table.put(live, &t.memory)
	c.before, live.after = nil, nil
}

// move puts a connection into another class.
func (t *Tracker) move(c *entry, to class) {
	if c.class == to {
		return
	}
	t.classes[c.class].remove(c)
	c.class = to
	t.classes[to].push(c)
}

// setAlias makes a connection found by its translated tuple too.
func (t *Tracker) setAlias(c *entry, translated flow.Tuple) {
	p, source := pairOf(translated)
	if p == c.key.pair || p == c.alias {
		return
	}
	t.dropAlias(c)
	c.alias, c.aliasClient = p, source
	t.aliases[t.aliasKey(c)] = c
}

func (t *Tracker) dropAlias(c *entry) {
	if c.alias != (pair{}) && t.aliases[t.aliasKey(c)] == c {
		delete(t.aliases, t.aliasKey(c))
	}
}

func (t *Tracker) aliasKey(c *entry) key { return key{c.alias, c.key.zone, t.table.hash(&c.alias)} }
