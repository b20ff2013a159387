package main

import (
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/azure/azlogs"
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/pcap"
	"github.com/sekisho/sekisho/internal/tracker"
)

// imported is what was read about one firewall.
type imported struct {
	watch       diagnose.Watch
	resourceID  string // empty where it is unknown
	connections []flow.Connection
}

// Azure's idle timeouts, which nobody can set; see its documentation of TCP
// session behaviour. Of its other timeouts nothing is known.
const (
	northSouthIdle = 4 * time.Minute
	eastWestIdle   = 5 * time.Minute
)

// azureConnections folds the log of one firewall. The two idle timeouts need a
// tracker each. With traced, the flow trace was on all the time.
func azureConnections(l *azlogs.Log, name string, traced bool) imported {
	in := imported{resourceID: l.ResourceID, watch: diagnose.Watch{Firewall: name, CannotSee: true}}
	if len(l.Events) == 0 {
		return in
	}
	if traced {
		l.Traced = azlogs.Span{First: l.Events[0].Time, Last: l.Events[len(l.Events)-1].Time}
		l.Flags = append(l.Flags, azlogs.TracedFlags()...)
	}
	var rows newestRows
	for _, idle := range []time.Duration{northSouthIdle, eastWestIdle} {
		timeouts := tracker.DefaultTimeouts()
		timeouts.Established = idle
		t := tracker.New(tracker.Config{Firewall: name, Sees: tracker.Shows(l.Flags...), Tell: rows.tell, Describe: l.Decision,
			Timeouts: func() tracker.Timeouts { return timeouts }})
		feedLog(t, l, func(e *flow.Event) bool { return eastWest(e) == (idle == eastWestIdle) })
	}
	in.connections = rows.rows
	for i := range in.connections {
		withoutTrace(l, &in.connections[i])
	}
	if first, last := l.Events[0].Time, l.Events[len(l.Events)-1].Time; !l.Traced.First.IsZero() {
		in.watch.Gaps = outside(l.Traced, first, last)
	}
	return in
}

// outside are the parts of a time that the flow trace does not cover.
func outside(traced azlogs.Span, first, last time.Time) []diagnose.Span {
	var gaps []diagnose.Span
	if first.Before(traced.First) {
		gaps = append(gaps, diagnose.Span{From: first, To: traced.First})
	}
	if traced.Last.Before(last) {
		gaps = append(gaps, diagnose.Span{From: traced.Last, To: last})
	}
	return gaps
}

// feedLog gives a tracker the events that it is for, and the times that the
// flow trace does not cover.
func feedLog(t *tracker.Tracker, l *azlogs.Log, mine func(*flow.Event) bool) {
	first, last := l.Events[0].Time, l.Events[len(l.Events)-1].Time
	begun := l.Traced.First.IsZero() || !first.Before(l.Traced.First)
	for i := range l.Events {
		e := &l.Events[i]
		if !begun && !e.Time.Before(l.Traced.First) {
			t.AddGap(first, l.Traced.First)
			begun = true
		}
		if mine(e) {
			t.Add(e)
		}
	}
	if !l.Traced.First.IsZero() && l.Traced.Last.Before(last) {
		t.AddGap(l.Traced.Last, last)
	}
	t.Close(last)
}

// eastWest reports whether both ends are private, so that Azure's timeout for
// connections within networks is in force.
func eastWest(e *flow.Event) bool {
	return private(e.Packet.Source.Addr()) && private(e.Packet.Dest.Addr())
}

// shared is RFC 6598's, which Azure treats as private too.
var shared = netip.MustParsePrefix("100.64.0.0/10")

func private(a netip.Addr) bool { return a.IsPrivate() || shared.Contains(a) }

// withoutTrace takes back what rests on answers that nobody wrote down: without
// a flow trace, a row says what the policy decided and no more.
func withoutTrace(l *azlogs.Log, c *flow.Connection) {
	if !l.Traced.First.IsZero() || c.Verdict.Outcome != flow.NoReply && c.Verdict.Outcome != flow.Opening {
		return
	}
	c.Verdict = flow.Verdict{Outcome: flow.Opening, Certainty: flow.Unknown, Doubts: []flow.Doubt{flow.CannotSee},
		Detail: "allowed; the flow trace was off, so nobody knows more"}
}

// captureConnections folds a capture.
func captureConnections(c *pcap.Capture, name string, dropped uint64) imported {
	in := imported{watch: diagnose.Watch{Firewall: name}}
	var rows newestRows
	t := tracker.New(tracker.Config{Firewall: name, Sees: captureSight(c), Tell: rows.tell})
	c.Events(t)
	if c.First.IsZero() {
		return in
	}
	in.watch.Gaps = []diagnose.Span{{To: c.First.Add(-1)}, {From: c.Last.Add(1)}}
	if dropped > 0 {
		t.AddLoss(c.First, c.Last, "", dropped)
		in.watch.Losses = []diagnose.Loss{{Span: diagnose.Span{From: c.First, To: c.Last}, Count: dropped}}
	}
	t.Close(c.Last)
	in.watch.CannotSee = !c.BothWays || !c.Answers
	in.connections = rows.rows
	return in
}

// captureSight is what a capture can show. What the policy denies is a packet
// that came in and never went out.
func captureSight(c *pcap.Capture) tracker.Sight {
	flags := []flow.Flag{flow.SYN}
	if c.Answers {
		flags = append(flags, flow.SYNACK, flow.ACK, flow.RETRANS, flow.FIN, flow.FINACK, flow.RST, flow.ICMPERROR)
	}
	sight := tracker.Shows(flags...) | tracker.Numbers
	if c.BothWays {
		sight |= tracker.Shows(flow.INVALID, flow.DENIED) | tracker.Drops
	}
	return sight
}
