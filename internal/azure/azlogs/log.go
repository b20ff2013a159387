package azlogs

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

func newLog(id string, rows []*Row) *Log {
	l := &Log{Firewall: id[strings.LastIndexByte(id, '/')+1:], ResourceID: id}
	decided := map[flow.Decision]uint32{}
	opened := map[flow.Tuple]time.Time{} // the last SYN of a rule log
	published := map[behind]netip.Addr{}
	for _, r := range rows {
		if r.Table == FlowTrace {
			l.Traced.First, l.Traced.Last = earliest(l.Traced.First, r.Time), r.Time
		}
		if r.Protocol != flow.TCP {
			l.Others++
			continue
		}
		if r.Table == NatRule {
			published[behind{r.Translated, r.Source.Port()}] = r.Source.Addr()
		}
		e := r.event()
		if r.Table == FlowTrace {
			e.Packet = unhidden(e.Packet, opened, published)
		}
		if e.Flag == flow.SYN {
			if at, ok := opened[e.Packet]; ok && r.Table == FlowTrace && r.Time.Sub(at) < samePacket {
				continue
			}
			opened[r.tuple()], opened[e.Packet] = r.Time, r.Time
		}
		if r.Table != FlowTrace {
			e.Rule = l.decide(r.Decision, decided)
		}
		if !slices.Contains(l.Flags, e.Flag) {
			l.Flags = append(l.Flags, e.Flag)
		}
		l.Events = append(l.Events, e)
	}
	l.complete()
	return l
}

// behind is a server behind a DNAT rule, and the port of a client.
type behind struct {
	server netip.AddrPort
	port   uint16
}

// unhidden gives the packet of a published server its client back. Azure's DNAT
// puts an address of the firewall in place of the client's, so that answers come
// back to it, and keeps the client's port.
func unhidden(t flow.Tuple, opened map[flow.Tuple]time.Time, published map[behind]netip.Addr) flow.Tuple {
	if _, known := opened[t]; known {
		return t
	}
	if _, known := opened[t.Reverse()]; known {
		return t
	}
	if client, ok := published[behind{t.Source, t.Dest.Port()}]; ok {
		t.Dest = netip.AddrPortFrom(client, t.Dest.Port())
	} else if client, ok := published[behind{t.Dest, t.Source.Port()}]; ok {
		t.Source = netip.AddrPortFrom(client, t.Source.Port())
	}
	return t
}

// samePacket is within what time a row of a rule log and one of the flow trace
// are about one SYN. Clients repeat one after a second (RFC 6298).
const samePacket = 500 * time.Millisecond

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// decide returns the place of a decision. Place 0 is that of none.
func (l *Log) decide(d flow.Decision, known map[flow.Decision]uint32) uint32 {
	if len(l.Decisions) == 0 {
		l.Decisions = append(l.Decisions, flow.Decision{})
	}
	place, ok := known[d]
	if !ok {
		place = uint32(len(l.Decisions))
		known[d] = place
		l.Decisions = append(l.Decisions, d)
	}
	return place
}

// complete adds the flags that the flow trace shows wherever it is on, met or
// not.
func (l *Log) complete() {
	if l.Traced.First.IsZero() {
		return
	}
	for _, f := range TracedFlags() {
		if !slices.Contains(l.Flags, f) {
			l.Flags = append(l.Flags, f)
		}
	}
}

// TracedFlags are those that the flow trace shows.
func TracedFlags() []flow.Flag {
	return []flow.Flag{flow.SYNACK, flow.FIN, flow.FINACK, flow.RST, flow.INVALID}
}

// Decision is what the log says about an event.
func (l *Log) Decision(e *flow.Event) flow.Decision {
	if int(e.Rule) < len(l.Decisions) {
		return l.Decisions[e.Rule]
	}
	return flow.Decision{}
}
