package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// row is all that is known of a connection, with its verdict.
func (t *Tracker) row(c *entry, v flow.Verdict) flow.Connection {
	row := flow.Connection{
		ID: c.id, Firewall: t.config.Firewall,
		Tuple: c.tuple(), Translated: c.translated(),
		Update: max(1, int(c.told.updates)), Told: at(t.now),
		First: at(c.first), Last: at(c.last),
		SYN: at(c.syn), SYNACK: at(c.synack), ACK: at(c.ack), FIN: at(c.fin), FINACK: at(c.finack), RST: at(c.rst),
		History: c.history.String(), Events: int(c.events),
		SYNs: int(c.syns), SYNACKs: int(c.synacks), ACKs: int(c.acks),
		FINs: ints(c.fins), RSTs: ints(c.rsts), Retransmits: ints(c.retransmits),
		Invalids: int(c.invalids), Denials: int(c.denials), ICMPErrors: int(c.errors),
		MSS: c.mss, TTL: c.ttl, RSTTTL: c.rstTTL, SYNTTL: c.synTTL, RetransmitSize: c.size,
		Unacked: c.unacked, UnackedKnown: c.is(unackedKnown),
		End: c.end, In: c.in, Out: c.out, Verdict: v,
	}
	if c.decision != nil {
		row.Decision = *c.decision
	}
	if c.is(accounted) {
		counters := c.counters
		row.Counters = &counters
	}
	row.Forgotten = at(c.forgotten)
	if c.trouble != nil {
		c.trouble.tell(&row)
	}
	return row
}

// tell adds what few connections have. The row must not change any more: it
// gets copies of what still may.
func (more *trouble) tell(row *flow.Connection) {
	row.Invalid, row.ICMP = more.invalid, more.icmp
	if more.drop != nil {
		drop := *more.drop
		row.Drop = &drop
	}
	row.Idle, row.Timeout = time.Duration(more.idle), time.Duration(more.timeout)
}

// at is a time from ns since 1970; the zero time for 0.
func at(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

func ints(n [2]uint32) [2]int { return [2]int{int(n[0]), int(n[1])} }

// Open hands out the connections that have not ended, with the verdict of this
// moment, those with the latest events first, until f returns false. A row's
// Update is that of the next row about it.
func (t *Tracker) Open(f func(*flow.Connection) bool) {
	newest := [...]*entry{t.classes[opened].back, t.classes[opening].back, t.classes[strangers].back}
	for {
		var next **entry
		for i := range newest {
			if newest[i] != nil && (next == nil || newest[i].last > (*next).last) {
				next = &newest[i]
			}
		}
		if next == nil {
			return
		}
		c := *next
		*next = c.links[byClass].prev
		if row := t.present(c); !f(&row) {
			return
		}
	}
}

// Now returns a connection as it is at this moment, if it is still known. Tuple
// and first time name it, as in its rows.
func (t *Tracker) Now(tuple flow.Tuple, first time.Time) (row flow.Connection, known bool) {
	k, _ := keyOf(tuple)
	for c := t.table.get(&k, &t.entries); c != nil; c = c.before {
		if c.first == first.UnixNano() {
			return t.present(c), true
		}
	}
	return row, false
}

// present is a connection's row of this moment.
func (t *Tracker) present(c *entry) flow.Connection {
	row := t.row(c, t.verdict(c))
	row.Update = int(c.told.updates) + 1
	return row
}
