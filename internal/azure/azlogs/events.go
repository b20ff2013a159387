package azlogs

import (
	"cmp"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Log is what all files together have of one firewall.
type Log struct {
	// Firewall is the last part of its resource id; empty where no row has one.
	Firewall   string
	ResourceID string
	Events     []flow.Event // TCP only, in the order of time
	// Decisions are what the rows say of the policy. An event's Rule is a place
	// in it.
	Decisions []flow.Decision
	// Flags are those that the source of the events can show.
	Flags []flow.Flag
	// Traced is the time that the flow trace covers: outside of it there may
	// have been answers that nobody wrote down. Zero where there is none at all.
	Traced Span
	// Others counts rows of other protocols than TCP.
	Others int
}

// Span is a time from First to Last.
type Span struct{ First, Last time.Time }

// Events makes the logs of all firewalls out of rows, by the firewalls' ids.
//
// A row of a rule log is the connection's SYN, with the decision; the flow
// trace has the rest. Where the flow trace has a SYN as well (the documents
// disagree about that), it is the same packet. A DNAT row has the client's own
// destination and the one behind the rule, which is where the answers come
// from.
func Events(rows []*Row) []*Log {
	byName := map[string][]*Row{}
	for _, r := range rows {
		byName[r.ResourceID] = append(byName[r.ResourceID], r)
	}
	var logs []*Log
	for id, list := range byName {
		slices.SortStableFunc(list, func(x, y *Row) int {
			return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.order(), y.order()))
		})
		logs = append(logs, newLog(id, list))
	}
	slices.SortFunc(logs, func(x, y *Log) int { return cmp.Compare(x.ResourceID, y.ResourceID) })
	return logs
}

// order is that of the steps of a connection, for rows of one time.
func (r *Row) order() int {
	if r.Table != FlowTrace {
		return -1
	}
	return int(r.Flag)
}

func (r *Row) tuple() flow.Tuple {
	return flow.Tuple{Protocol: r.Protocol, Source: r.Source, Dest: r.Dest}
}

// event is a row as our own recorder would have it.
func (r *Row) event() flow.Event {
	e := flow.Event{Time: r.Time, Packet: r.tuple(), Flag: r.Flag, Action: r.Action}
	switch r.Table {
	case NetworkRule:
		e.Flag = flow.SYN
	case NatRule:
		e.Flag, e.Direction, e.Connection = flow.SYN, flow.Original, r.tuple()
		e.Packet.Dest = r.Translated
	case FlowTrace:
		if e.Flag == flow.INVALID {
			e.Reason = flow.UnknownReason // Azure does not tell it
		}
	}
	return e
}
