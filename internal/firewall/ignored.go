package firewall

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// takeIgnored makes rows of packets that conntrack ignored and let pass. They
// are not in the journal: their rows come between those of batches, so that
// they are never taken for rows of one.
func (f *Firewall) takeIgnored(events []flow.Event) {
	for i := range events {
		e := &events[i]
		if f.knows(e) {
			f.tellIgnored(f.ignored.add(e, &noRule))
		}
	}
}

// knows reports whether an ignored packet is one that is forwarded, and sets
// its connection's id. It is not where it goes to the host itself, unless its
// connection was forwarded, as those with a translated destination are.
func (f *Firewall) knows(e *flow.Event) (forwarded bool) {
	f.connections.mu.Lock()
	defer f.connections.mu.Unlock()
	id, known := f.connections.tracker.Known(e)
	e.ConnectionID = id
	return known || !f.own.has(e.Packet.Dest.Addr())
}

func (f *Firewall) tellIgnored(list []telling) {
	if len(list) == 0 {
		return
	}
	entries := make([]Entry, len(list))
	for i, t := range list {
		e := *t.event // a copy: rows keep it
		entries[i] = Entry{Event: &e, Rows: logs.FoldedRows(&e, f.source, t.rule, t.fold)}
	}
	f.tellEntries(entries...) // the journal does not have the events
}

// ownAddresses are the host's, asked for once a second at most.
type ownAddresses struct {
	asked time.Time
	known map[netip.Addr]bool
}

func (o *ownAddresses) has(a netip.Addr) bool {
	if now := time.Now(); now.Sub(o.asked) > time.Second {
		o.asked, o.known = now, map[netip.Addr]bool{}
		list, _ := net.InterfaceAddrs() // where they cannot be had, a row too many is better than none
		for _, network := range list {
			if prefix, err := netip.ParsePrefix(network.String()); err == nil {
				o.known[prefix.Addr()] = true
			}
		}
	}
	return o.known[a.Unmap()]
}

// tellListening makes a row of a change: the kernel's reasons are listened to,
// or cost too much.
func (f *Firewall) tellListening(c capture.Listening) {
	if c.Err != nil {
		f.log.Error("the kernel's reasons for INVALID", "listening", c.On, "error", c.Err)
		if c.On {
			return // it is tried again
		}
	}
	if c.On {
		f.hear(reasonsPart)
		return
	}
	now := time.Now()
	if c.Failed != nil {
		f.log.Error("the kernel's reasons for INVALID are not listened to", "error", c.Failed)
		f.miss(reasonsPart, logs.State{Detail: c.Failed.Error() + "; they are listened to again when it is calm", To: now})
		return
	}
	why := fmt.Sprintf("%d INVALID packets or reasons within %v, which is %d a second and more than %d; they are listened to again when it is calm",
		c.Count, c.Span.Round(time.Millisecond), c.Rate, c.Limit)
	f.log.Warn("the kernel's reasons for INVALID are not listened to", "why", why)
	f.miss(reasonsPart, logs.State{Detail: why, From: now.Add(-c.Span), To: now})
}
