package tracker

import "github.com/sekisho/sekisho/internal/flow"

// remains are what is kept of a connection that was closed a moment ago and told as
// one that was well: half of the memory, and none that the garbage collector looks
// into. Nearly always nothing more comes of it. What does come, as long as conntrack
// has the connection, must find it as it was: the entry is made from them again.
type remains struct {
	story
	ending            ending // 0 where there are none any more
	updates           uint32
	decision, in, out uint8 // in the lists of the part, from 1
}

// ending is how a connection went of which remains are kept.
type ending uint8

var endings = [...]struct {
	outcome flow.Outcome
	end     flow.EndReason
	shelf   int
}{1: {flow.Completed, flow.EndFIN, 0}, 2: {flow.Completed, flow.EndRST, 1}, 3: {flow.Refused, flow.EndRST, 1}}

// endingOf is a connection's; 0 where it must stay as it is: something may become of
// it without a packet, or it has what remains have no place for.
func (t *Tracker) endingOf(c *entry) ending {
	const not = accounted | forbidden | folded | pending
	if t.whole || c.class != ended || c.facts&not != 0 || c.forgotten != 0 || c.judge != 0 || c.before != nil || c.after != nil ||
		c.alias != (pair{}) || c.repeat.times != 0 || c.told.certainty != flow.Certain || !t.saidAll(c) {
		return 0
	}
	for i := 1; i < len(endings); i++ {
		how := endings[i]
		if how.outcome == c.told.outcome && how.end == c.end && t.restsOn(c, finding{outcome: how.outcome}) == 0 {
			return ending(i)
		}
	}
	return 0
}

// layDown keeps what remains of a connection, if that is enough, and gives the
// entry's memory back.
func (t *Tracker) layDown(c *entry) bool {
	how := t.endingOf(c)
	if how == 0 {
		return false
	}
	at, ok := t.memory.shelves[endings[how].shelf].put(c, how)
	if !ok {
		return false
	}
	t.table.move(c.place, at, c.key.hash)
	t.timers.clear(c)
	t.classes[ended].remove(c)
	t.memory.entries.giveBack(c)
	return true
}

// entryAt is the entry of a place, made again where remains are there.
func (t *Tracker) entryAt(at place) *entry {
	if at&onShelf == 0 {
		return t.memory.entries.at(at)
	}
	c, shelf := t.memory.entries.take(t.config.Limit), t.memory.shelf(at)
	r, p := shelf.at(at)
	how := endings[r.ending]
	c.story, c.class, c.end = r.story, ended, how.end
	c.told = told{updates: r.updates, outcome: how.outcome, certainty: flow.Certain, end: how.end, events: r.events}
	c.decision, c.in, c.out = atIndex(p.decisions, r.decision), atIndex(p.names, r.in), atIndex(p.names, r.out)
	if c.is(hasISN) {
		c.id = flow.ConnectionID(c.tuple(), c.isn)
	}
	shelf.remove(r)
	t.classes[ended].push(c)
	t.table.move(at, c.place, c.key.hash)
	t.plan(c)
	return c
}

// clearShelves forgets those whose time is over, at the step at which timers fire.
func (t *Tracker) clearShelves() {
	for i := range t.memory.shelves {
		s := &t.memory.shelves[i]
		for r := s.oldest(); r != nil; r = s.oldest() {
			if due := r.last + t.afterClose(endings[r.ending].end); due/wheelStep >= t.now/wheelStep {
				break
			}
			t.drop(s, r)
		}
	}
}

// drop forgets the oldest of a shelf: its last row has said all.
func (t *Tracker) drop(s *shelf, r *remains) {
	t.stats.Events += uint64(r.events)
	t.table.remove(s.mark|s.from, r.key.hash)
	s.remove(r)
}

// longestEnded is the shelf whose oldest was the first of all that ended; nil where
// an entry was, or none is there.
func (t *Tracker) longestEnded() (first *shelf) {
	at := t.now + 1
	if c := t.classes[ended].front; c != nil {
		at = c.quietSince()
	}
	for i := range t.memory.shelves {
		s := &t.memory.shelves[i]
		if r := s.oldest(); r != nil && r.last < at {
			first, at = s, r.last
		}
	}
	return first
}
