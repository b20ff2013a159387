package readback

import (
	"cmp"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/tracker"
)

// recorded is what one firewall wrote down.
type recorded struct {
	told   []flow.Connection
	events []event
	drops  []flow.Drop
	losses []loss
	parts  []part
	gone   []diagnose.Span // the rules were
	// untracked are times in which packets passed that conntrack did not look at.
	untracked []diagnose.Span
	starts    []time.Time // of processes: what is off is told after each anew
	sights    []sight
	// azure is true once a row had none of our columns: Azure's own rows show
	// less.
	azure bool
}

// event is a row of the flow trace, with the names of its rule.
type event struct {
	flow.Event
	decision flow.Decision
}

type loss struct {
	from, to time.Time
	kind     string
	count    uint64
}

// part is a moment from which on everything is recorded, or not everything.
type part struct {
	at    time.Time
	whole bool
}

// sight is a moment from which on something is told, or is not.
type sight struct {
	at   time.Time
	what tracker.Sight
	told bool
}

// ackSight is that of the ACKs that complete handshakes.
var ackSight = tracker.Shows(flow.ACK)

// addState takes a row of CaptureState. What is not recorded is not absent.
func (f *recorded) addState(r logs.Record) {
	switch logs.StateWord(text(r, "State")) {
	case logs.RecordedInPart:
		f.parts = append(f.parts, part{r.Time(), false})
	case logs.RecordedWhole, logs.RecordedExcept: // what is off has rows of its own
		f.parts = append(f.parts, part{r.Time(), true})
	case logs.RulesetTampered:
		from, _ := r.Get("From").(time.Time)
		f.gone = append(f.gone, diagnose.Span{From: from, To: until(r)})
	case logs.DropsOff:
		f.addBlindness(r)
	case logs.AcksOff:
		f.sights = append(f.sights, sight{r.Time(), ackSight, false})
	case logs.Untracked:
		from, _ := r.Get("From").(time.Time)
		f.untracked = append(f.untracked, diagnose.Span{From: from})
	case logs.DropsOn:
		f.sights = append(f.sights, sight{r.Time(), tracker.Drops, true})
	case logs.RecordingStarted: // what is off is told after it
		f.starts = append(f.starts, r.Time())
		f.sights = append(f.sights, sight{r.Time(), tracker.Drops | ackSight, true})
	}
}

// addBlindness takes a row of a time without what the host drops: one that begins
// with the row, or is over. Of what is judged after that time some may have happened
// in it.
func (f *recorded) addBlindness(r logs.Record) {
	to, over := r.Get("To").(time.Time)
	if !over {
		f.sights = append(f.sights, sight{r.Time(), tracker.Drops, false})
		return
	}
	from, _ := r.Get("From").(time.Time)
	f.sights = append(f.sights, sight{from, tracker.Drops, false}, sight{to, tracker.Drops, true})
	f.losses = append(f.losses, loss{from: from, to: to, kind: "drop", count: 1})
}

// gaps are the times in which not everything was recorded. The last one may have
// no end.
func (f *recorded) gaps() (gaps []diagnose.Span) {
	slices.SortStableFunc(f.parts, func(a, b part) int { return a.at.Compare(b.at) })
	open := false
	for _, p := range f.parts {
		switch {
		case !p.whole && !open:
			gaps, open = append(gaps, diagnose.Span{From: p.at}), true
		case p.whole && open:
			gaps[len(gaps)-1].To, open = p.at, false
		}
	}
	return gaps
}

// watch is what the firewall recorded, and what it lost.
func (f *recorded) watch(name string) diagnose.Watch {
	w := diagnose.Watch{Firewall: name, CannotSee: f.azure, Gaps: f.gaps(), Tampered: f.gone, Untracked: f.untrackedSpans()}
	for _, l := range f.losses {
		if l.kind != "drop" && l.kind != "end" {
			w.Losses = append(w.Losses, diagnose.Loss{Span: diagnose.Span{From: l.from, To: l.to}, Kind: l.kind, Count: l.count})
		}
	}
	return w
}

// untrackedSpans end with the process that told of them.
func (f *recorded) untrackedSpans() []diagnose.Span {
	spans := slices.Clone(f.untracked)
	for i := range spans {
		for _, at := range f.starts {
			if at.After(spans[i].From) && (spans[i].To.IsZero() || at.Before(spans[i].To)) {
				spans[i].To = at
			}
		}
	}
	return spans
}

// moment is one thing that a tracker is told, at its time.
type moment struct {
	at   time.Time
	tell func(*tracker.Tracker)
}

// track lets a tracker judge the events, in the order of time.
func (f *recorded) track(name string) {
	decisions := map[*flow.Event]flow.Decision{}
	// conntrack's word that it forgot a connection has no rows, nor have its timeouts.
	sees := tracker.Everything &^ tracker.Ends &^ tracker.InForce
	if f.azure {
		sees = tracker.AzureFlowTrace
	}
	config := tracker.Config{Firewall: name, Sees: sees, Tell: func(c *flow.Connection) { f.told = append(f.told, *c) },
		Describe: func(e *flow.Event) flow.Decision { return decisions[e] }}
	f.tieErrors()
	var moments []moment
	for i := range f.events {
		e := &f.events[i]
		decisions[&e.Event] = e.decision
		moments = append(moments, moment{e.Time, func(t *tracker.Tracker) { t.Add(&e.Event) }})
	}
	for _, d := range f.drops {
		moments = append(moments, moment{d.Time, func(t *tracker.Tracker) { t.AddDrop(d) }})
	}
	for _, l := range f.losses {
		moments = append(moments, moment{l.to, func(t *tracker.Tracker) { t.AddLoss(l.from, l.to, l.kind, l.count) }})
	}
	if len(moments) == 0 {
		return
	}
	last := slices.MaxFunc(moments, func(a, b moment) int { return a.at.Compare(b.at) }).at
	for _, g := range slices.Concat(f.gaps(), f.gone) {
		moments = append(moments, moment{g.From, func(t *tracker.Tracker) { t.KnowGap(g.From, cmp.Or(g.To, last)) }})
	}
	moments = append(moments, f.sighted(sees, last)...)
	slices.SortStableFunc(moments, func(a, b moment) int { return a.at.Compare(b.at) })
	t := tracker.New(config)
	for _, m := range moments {
		m.tell(t)
	}
	t.Close(last)
}

// sighted are the moments, up to the last, from which on a tracker sees more or less. That its
// process heard no ends, or no reasons of the kernel, changes nothing here: there
// are no rows of ends, and a packet without a reason says so itself.
func (f *recorded) sighted(sees tracker.Sight, last time.Time) (moments []moment) {
	slices.SortStableFunc(f.sights, func(a, b sight) int { return a.at.Compare(b.at) })
	var missing tracker.Sight
	for _, s := range f.sights {
		if s.at.After(last) {
			break
		}
		if missing |= s.what; s.told {
			missing &^= s.what
		}
		now := sees &^ missing
		moments = append(moments, moment{s.at, func(t *tracker.Tracker) { t.See(now) }})
	}
	return moments
}

// tieErrors gives ICMP errors the connection that they are about where their rows
// name it by its id alone, as those of older programs do.
func (f *recorded) tieErrors() {
	tuples := map[string]flow.Tuple{}
	for _, e := range f.events {
		if e.Connection.IsValid() && e.ConnectionID != "" {
			tuples[e.ConnectionID] = e.Connection
		}
	}
	for i := range f.events {
		if e := &f.events[i]; e.Flag == flow.ICMPERROR && !e.Connection.IsValid() {
			e.Connection = tuples[e.ConnectionID]
		}
	}
}

// addDrop takes a row of KernelDrop.
func (f *recorded) addDrop(r logs.Record) {
	d := flow.Drop{
		Time: r.Time(), Source: flow.DropSource(text(r, "Source")), Reason: text(r, "Reason"), Hook: text(r, "Hook"),
		Interface: text(r, "Interface"), Location: text(r, "Location"), Count: uint64(whole(r, "PacketCount")),
		TCPFlags: parseFlags(text(r, "TcpFlags")), TTL: uint8(whole(r, "Ttl")),
	}
	d.Tuple = tupleOf(r)
	d.Count = cmp.Or(d.Count, 1)
	f.drops = append(f.drops, d)
}

// until is when the last event can be of those that a row tells to be lost.
func until(r logs.Record) time.Time {
	if to, ok := r.Get("To").(time.Time); ok {
		return to
	}
	return r.Time()
}

// addLoss takes a row of CaptureLoss. Losses of what has rows all the same are
// none here; rows that were not written are missing here as much as events that
// were not read.
func (f *recorded) addLoss(r logs.Record) {
	l := loss{to: r.Time(), kind: text(r, "Kind"), count: uint64(whole(r, "Count"))}
	l.from, _ = r.Get("From").(time.Time)
	switch logs.LossPlace(text(r, "Place")) {
	case logs.RingLoss, logs.JournalLoss, logs.FileLoss, logs.FoldLoss:
	case logs.UnreadLoss: // found by the next process, which may not know how many
		l.to, l.count = until(r), max(l.count, 1)
	case logs.DropLoss:
		l.kind = "drop"
	case logs.SegmentLoss, logs.SpoolLoss: // found when they were given up: the times are the rows' own
		l.to = until(r)
	case logs.WorkspaceLoss: // found later, and its kind is a table
		l.to, l.count = until(r), max(l.count, 1)
		switch l.kind {
		case logs.FlowTrace.Name, logs.Connection.Name:
			l.kind = ""
		case logs.KernelDrop.Name:
			l.kind = "drop"
		default:
			return
		}
	default:
		return
	}
	f.losses = append(f.losses, l)
}
