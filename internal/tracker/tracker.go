// Package tracker folds the events of one firewall into connections: one row
// for each, with its history, the time of each step, how it ended, and a
// verdict as far as one firewall can give one.
//
//	event ──▶ which incarnation of the tuple? ──▶ its entry takes the step
//	drop  ──▶                                          │
//	conntrack's end ──▶                                ├─▶ told: ended, denied, stuck, cut …
//	time passes ──▶ timers ──▶ handshake late? ────────┘
//
// Each file has one part of it:
//
//	tracker.go, config.go, timeouts.go    what comes in, and what is asked for
//	key.go, entry.go, facts.go            what is kept of a connection
//	table.go, tuples.go, entries.go       where it is kept, and who makes room
//	list.go, decisions.go
//	memory.go, remains.go, shelf.go       and what of it, when it is over
//	lifetime.go, wheel.go                 for how long, and when to look at it
//	identity.go, incarnation.go           which connection an event belongs to
//	zones.go
//	steps.go, handshake.go, closing.go    what an event changes
//	numbers.go
//	invalid.go, gone.go, retransmission.go
//	ends.go, unseen.go, drops.go          what is no event: ends, drops, losses
//	windows.go
//	finding.go, stuck.go                  what it looks like
//	certainty.go, absence.go              how sure that is
//	tell.go, fold.go, row.go, stats.go    when it is told, and the row
//	history.go                            the letters of the history
//
// Time comes only from what comes in and from Tick: the same input gives the
// same rows. Memory is bounded by Config.Limit. Who sees more than one firewall
// says more: a tracker only ever knows what passed here.
//
// docs/reference/connection-history.md has the letters, and
// docs/explanation/verdicts-of-one-firewall.md the reasons behind the verdicts.
package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Tracker knows the connections of one firewall. It is not safe for concurrent
// use.
type Tracker struct {
	config Config
	now    int64 // the latest time that anything told, in ns since 1970

	table   tuples         // the newest incarnation of each tuple
	aliases map[key]*entry // by translated tuple, of those that have one
	zones   zones
	classes [classes]list // the longest untouched first
	timers  wheel
	memory  memory
	whole   bool  // nothing becomes remains: all are told once more, when conntrack forgets them
	looked  place // the place of the last one that Silent looked at

	timeouts  Timeouts                         // in force when time last went on
	decisions map[flow.Decision]*flow.Decision // one of each, shared by entries
	latest    *flow.Decision
	losses    windows
	gaps      windows
	pressure  pressure // on conntrack's table
	policy    policyChange
	fold      fold
	quiet     bool            // no row is told
	told      flow.Connection // the row that is being told
	fetched   uint32          // of no meaning: what was read so that it is near
	stats     Stats
}

// New makes a tracker that knows no connection.
func New(config Config) *Tracker {
	t := &Tracker{config: config.withDefaults(), table: newTuples(), aliases: map[key]*entry{},
		decisions: map[flow.Decision]*flow.Decision{}, whole: config.Accounting}
	t.timeouts = t.config.Timeouts()
	for i := range t.classes {
		t.classes[i].which = byClass
	}
	t.timers.init()
	t.memory.init()
	t.fold.init()
	t.stats.Outcomes = map[flow.Outcome]uint64{}
	return t
}

// Add takes an event and sets its ConnectionID, if that can be known. Events
// come in the order of their time. Those of other protocols, and packets that
// conntrack ignored, are counted only.
func (t *Tracker) Add(e *flow.Event) {
	tuple := e.Packet
	if e.Connection.IsValid() {
		tuple = e.Connection
	}
	if tuple.Protocol != flow.TCP || !tuple.IsValid() || e.Flag == flow.FlagNone || e.Flag == flow.IGNORED {
		t.stats.Others++
		return
	}
	t.advance(e.Time.UnixNano())
	c := t.find(e, tuple)
	t.take(c, e, c.way(e))
	e.ConnectionID = c.id
	t.settle(c)
}

// Replay is Add for an event whose rows an earlier process has told: it counts
// for what comes after it, and tells nothing.
func (t *Tracker) Replay(e *flow.Event) {
	t.quiet = true
	defer func() { t.quiet = false }()
	t.Add(e)
}

// Tick tells what time has passed without an event: every event up to now has
// been added.
func (t *Tracker) Tick(now time.Time) { t.advance(now.UnixNano()) }

// PolicyChanged notes a change of the policy, for the connections that it cuts.
func (t *Tracker) PolicyChanged(at time.Time, revision string) {
	t.policy = policyChange{at.UnixNano(), revision}
}

type policyChange struct {
	at       int64
	revision string
}

// Close tells every connection that has no row yet, or a newer story than its
// row, and forgets them all.
func (t *Tracker) Close(now time.Time) {
	t.advance(now.UnixNano())
	for c := t.classes[opening].front; c != nil; {
		next := c.links[byClass].next
		if c.is(pending) {
			t.release(c) // while there is the connection that it belongs to
		}
		c = next
	}
	for i := range t.classes {
		for t.classes[i].front != nil {
			c := t.classes[i].front
			if !c.is(closed) && c.end == flow.EndNone {
				c.end = flow.EndStopped
			}
			t.release(c)
		}
	}
	for i := range t.memory.shelves {
		s := &t.memory.shelves[i]
		for r := s.oldest(); r != nil; r = s.oldest() {
			t.drop(s, r)
		}
	}
	t.fold.flush(t)
}

// advance moves time on, and with it the timers. Time never goes back.
func (t *Tracker) advance(now int64) {
	if now <= t.now {
		return
	}
	passed := now/wheelStep != t.now/wheelStep
	if passed {
		t.timeouts = t.config.Timeouts()
	}
	t.timers.advance(now, func(c, next *entry) {
		if next != nil {
			t.fetch(next.key.hash)
		}
		t.now = max(t.now, c.due)
		t.expire(c)
	})
	t.now = now
	if passed {
		t.clearShelves()
	}
	t.fold.tick(t)
}
