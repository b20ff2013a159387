package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// row is all that is known of a connection, with its verdict.
func (t *Tracker) row(c *entry, v flow.Verdict) (row flow.Connection) {
	t.fill(&row, c, v)
	return row
}

// fill fills an empty row. It is done in its place: a row is large, and with
// most connections one is made.
func (t *Tracker) fill(row *flow.Connection, c *entry, v flow.Verdict) {
	row.ID, row.Firewall = c.id, t.config.Firewall
	row.Tuple, row.Translated, row.Zone = c.tuple(), c.translated(), c.key.zone.id()
	row.Update, row.Told = max(1, int(c.told.updates)), at(t.now)
	row.First, row.Last, row.Forgotten = at(c.first), at(c.last), at(c.forgotten)
	row.SYN, row.SYNACK, row.ACK = at(c.syn), at(c.synack), at(c.ack)
	row.FIN, row.FINACK, row.RST = at(c.fin), at(c.finack), at(c.rst)
	row.History, row.Events = c.history.String(), int(c.events)
	row.SYNs, row.SYNACKs, row.ACKs = int(c.syns), int(c.synacks), int(c.acks)
	row.FINs, row.RSTs, row.Retransmits = ints(c.fins), ints(c.rsts), ints(c.retransmits)
	row.Invalids, row.Denials, row.ICMPErrors = int(c.invalids), int(c.denials), int(c.errors)
	row.MSS, row.TTL, row.RSTTTL, row.SYNTTL = c.mss, c.ttl, c.rstTTL, c.synTTL
	row.RetransmitSize, row.Unacked, row.UnackedKnown = c.size, c.unacked, c.is(unackedKnown)
	row.End, row.In, row.Out, row.Verdict = c.end, c.in, c.out, v
	if c.decision != nil {
		row.Decision = *c.decision
	}
	if c.is(accounted) {
		counters := c.counters
		row.Counters = &counters
	}
	if c.trouble != nil {
		c.trouble.tell(row)
	}
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
	k, _ := t.keyOf(tuple, 0)
	for at := range t.table.inAnyZone(&k, &t.memory) {
		for c := t.entryAt(at); c != nil; c = c.before {
			if c.first == first.UnixNano() {
				return t.present(c), true
			}
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
