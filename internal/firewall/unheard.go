package firewall

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/tracker"
)

// part is what rows are made of beside the recorder's events. Each may be off, or
// not to be had on a host, and the firewall runs all the same.
type part uint8

const (
	reasonsPart   part = iota // the kernel's sentences about INVALID packets
	dropsPart                 // what the host drops
	countersPart              // conntrack's own counters
	endsPart                  // what conntrack forgets
	askingPart                // whether conntrack knows a connection that is silent
	keepingPart               // whether our rules stay in force
	acksPart                  // the ACKs that complete handshakes
	untrackedPart             // packets that conntrack does not look at
	namesPart                 // of rules, after the next start
)

// partWords say how a change of a part is told. What has no word for on works
// again with the next start at the soonest.
var partWords = map[part]struct {
	off, on logs.StateWord
	what    string        // is missing while it is off
	sight   tracker.Sight // that the tracker does not have then
}{
	reasonsPart:   {off: logs.ReasonsOff, on: logs.ReasonsOn, what: "the kernel's reasons for INVALID, and packets that conntrack ignored"},
	dropsPart:     {off: logs.DropsOff, on: logs.DropsOn, what: "what the host drops outside the policy", sight: tracker.Drops},
	countersPart:  {off: logs.CountersOff, on: logs.CountersOn, what: "what conntrack's own counters count"},
	endsPart:      {off: logs.EndsOff, on: logs.EndsOn, what: "how connections ended in conntrack, and their bytes", sight: tracker.Ends},
	askingPart:    {off: logs.AskingOff, on: logs.AskingOn, what: "that connections were closed unseen"},
	acksPart:      {off: logs.AcksOff, what: "ACKs that complete handshakes", sight: tracker.Shows(flow.ACK)},
	untrackedPart: {off: logs.Untracked, what: "packets that connection tracking is told not to look at"},
	namesPart:     {off: logs.NamesOff, on: logs.NamesOn, what: "the rules' names, of what this policy decides and the next process reads"},
	keepingPart:   {off: logs.RulesetUnwatched, what: "that somebody changes our rules, which are not put in force again then"},
}

// unheard is what is off. It is told in the order in which it happened.
type unheard struct {
	mu    sync.Mutex
	parts map[part]logs.State // why
	told  bool                // what was off at the start; changes are told at once from then on
}

// names are what is missing.
func (u *unheard) names() string {
	var names []string
	for _, p := range slices.Sorted(maps.Keys(u.parts)) {
		names = append(names, partWords[p].what)
	}
	return strings.Join(names, "; ")
}

// miss notes and tells that a part is off, unless it was before. The state's
// detail says why.
func (f *Firewall) miss(p part, s logs.State) {
	u := &f.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, off := u.parts[p]; off {
		return
	}
	if u.parts == nil {
		u.parts = map[part]logs.State{}
	}
	s.State, s.Detail = partWords[p].off, "not recorded: "+partWords[p].what+": "+s.Detail
	u.parts[p] = s
	f.connections.see(u.sight())
	f.tellChanged(s)
}

// hear notes and tells that a part works again, if it was off.
func (f *Firewall) hear(p part) {
	u := &f.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, off := u.parts[p]; !off {
		return
	}
	delete(u.parts, p)
	f.connections.see(u.sight())
	f.tellChanged(logs.State{State: partWords[p].on, Detail: "recorded again: " + partWords[p].what})
}

// heard is hear, or miss where there is an error.
func (f *Firewall) heard(p part, err error) {
	if err != nil {
		f.miss(p, logs.State{Detail: err.Error()})
		return
	}
	f.hear(p)
}

func (f *Firewall) tellChanged(s logs.State) {
	if f.unheard.told {
		f.tellState(s)
		f.tellPartsNow()
	}
}

// tellUnheard tells what is off when a process starts: everything else is on.
func (f *Firewall) tellUnheard() {
	u := &f.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range slices.Sorted(maps.Keys(u.parts)) {
		f.tellState(u.parts[p])
	}
	u.told = true
	f.tellPartsNow()
}

// sight is what the tracker can rely on to be told.
func (u *unheard) sight() tracker.Sight {
	sees := tracker.Everything
	for p := range u.parts {
		sees &^= partWords[p].sight
	}
	return sees
}

// see says to the tracker what it will be told from now on.
func (c *connections) see(s tracker.Sight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tracker.See(s)
}

// tellUnheardTo tells destinations that are new what is off.
func (f *Firewall) tellUnheardTo(before, next *outputs) {
	u := &f.unheard
	u.mu.Lock()
	defer u.mu.Unlock()
	for i, d := range next.router.Destinations {
		if before.router.Has(d) {
			continue
		}
		for _, p := range slices.Sorted(maps.Keys(u.parts)) {
			f.tellThere(next, i, u.parts[p])
		}
	}
}
