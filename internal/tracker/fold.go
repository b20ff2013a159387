package tracker

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

const (
	// foldTime is how often rows that stand for many are told.
	foldTime = int64(10 * time.Second)
	// maxGroups and maxSingles bound the rows of a flood from many clients.
	maxGroups  = 1024
	maxSingles = 10_000
)

// fold takes the rows of connections that went wrong in the same way together,
// where they are too many to be told one by one: a port scan, a flood.
type fold struct {
	begun   int64
	singles int
	groups  map[group]*pile
}

// group is what connections have in common: the outcome and the client. With
// too many clients, the outcome alone.
type group struct {
	outcome flow.Outcome
	client  [16]byte
}

// pile is a group's connections of the last seconds.
type pile struct {
	alone            int // so many had a row of their own
	together, events int // the others
	sample           flow.Connection
}

func (f *fold) init() { f.groups = map[group]*pile{} }

// takes reports whether a connection is told with others. One that has a row
// already keeps it.
func (f *fold) takes(t *Tracker, c *entry, v flow.Verdict) bool {
	if v.Outcome.Healthy() || c.told.updates > 0 {
		return false
	}
	if c.is(folded) && c.told.outcome == v.Outcome {
		return true
	}
	p := f.pile(group{v.Outcome, c.key.addr[c.client]})
	if p.alone < t.config.Fold && f.singles < maxSingles {
		p.alone++
		f.singles++
		return false
	}
	if p.together == 0 {
		p.sample = t.row(c, v)
	}
	p.together++
	p.events += int(c.events)
	c.set(folded)
	t.stats.Folded++
	return true
}

func (f *fold) pile(g group) *pile {
	p := f.groups[g]
	if p == nil && len(f.groups) >= maxGroups {
		g.client = [16]byte{}
		p = f.groups[g]
	}
	if p == nil {
		p = &pile{}
		f.groups[g] = p
	}
	return p
}

// tick tells what was taken together, now and then.
func (f *fold) tick(t *Tracker) {
	if t.now-f.begun >= foldTime {
		f.flush(t)
		f.begun = t.now
	}
}

func (f *fold) flush(t *Tracker) {
	var full []group
	for g, p := range f.groups {
		if p.together > 0 {
			full = append(full, g)
		}
	}
	slices.SortFunc(full, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.outcome, b.outcome), bytes.Compare(a.client[:], b.client[:]))
	})
	for _, g := range full {
		p := f.groups[g]
		row := &p.sample // the pile's memory is the row's from here on
		row.Alike, row.Events, row.Told = p.together-1, p.events, at(t.now)
		if !t.quiet {
			t.stats.Told++
			t.config.Tell(row)
		}
	}
	clear(f.groups)
	f.singles = 0
}
