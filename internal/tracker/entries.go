package tracker

// entries are the memory of all connections. Those that were released are used
// again, the last one first: it is in a cache still.
type entries struct {
	chunks [][]entry
	n      int    // of all
	spare  *entry // released ones, linked by links[byClass]
}

// chunk is how many entries are made at once.
const chunk = 256

// at is the entry of a place, which is from 1.
func (l *entries) at(place place) *entry {
	return &l.chunks[(place-1)/chunk][(place-1)%chunk]
}

// take takes a spare entry, or makes some: no more than ever are needed.
func (l *entries) take(limit int) *entry {
	if l.spare == nil {
		l.add(min(chunk, limit))
	}
	c := l.spare
	l.spare, c.links[byClass].next = c.links[byClass].next, nil
	return c
}

func (l *entries) add(n int) {
	made := make([]entry, n)
	for i := range made {
		made[i].place = place(len(l.chunks)*chunk + i + 1)
		made[i].links[byClass].next = l.spare
		l.spare = &made[i]
	}
	l.chunks = append(l.chunks, made)
	l.n += n
}

// giveBack takes an entry back.
func (l *entries) giveBack(c *entry) {
	*c = entry{place: c.place}
	c.links[byClass].next, l.spare = l.spare, c
}
