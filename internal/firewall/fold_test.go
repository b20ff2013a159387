package firewall

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// foldTime is a time so long after a whole second.
func foldTime(at time.Duration) time.Time { return time.Unix(1000, 0).Add(at) }

// foldEvent is an event from one of some addresses to one of some.
func foldEvent(at time.Duration, flag flow.Flag, action flow.Action, source, dest uint32, port uint16) flow.Event {
	from := func(first byte, n uint32) netip.Addr {
		b := [4]byte{first}
		binary.BigEndian.PutUint32(b[:], n|uint32(first)<<24)
		return netip.AddrFrom4(b)
	}
	e := flow.Event{Time: foldTime(at), Flag: flag, Action: action, Direction: flow.Original,
		Packet: flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(from(10, source), 40000+port), Dest: netip.AddrPortFrom(from(11, dest), port)}}
	switch flag {
	case flow.INVALID:
		e.Direction, e.Reason = flow.DirectionUnknown, flow.NoState
	case flow.FlagNone:
		e.Packet.Protocol = flow.UDP
		fallthrough
	default:
		e.Connection = e.Packet
	}
	if flag == flow.SYNACK {
		e.Packet, e.Direction = e.Packet.Reverse(), flow.Reply
	}
	return e
}

// toldFold is what a test looks at of what a fold tells.
type toldFold struct {
	Flag  flow.Flag
	Count uint64
	By    logs.FoldedBy
	From  string // of several: the first and the last packet
	Last  string
}

func toldOf(list []telling) (out []toldFold) {
	for _, t := range list {
		x := toldFold{Flag: t.event.Flag, Count: t.fold.Count, Last: fmt.Sprint(t.event.Packet.Source, " ", t.event.Packet.Dest)}
		if t.fold.Count > 1 {
			x.By, x.From = t.fold.By, fmt.Sprint(t.fold.From.Sub(foldTime(0)), " ", t.event.Time.Sub(foldTime(0)))
		}
		out = append(out, x)
	}
	return out
}

// Up to the rate each has a row; further ones are counted with those that are
// alike and told when the second is over.
func TestFold(t *testing.T) {
	t.Parallel()
	f := newFold(2)
	reach := func(ms int) []toldFold { return toldOf(f.reach(foldTime(time.Duration(ms) * time.Millisecond))) }
	add := func(ms int, flag flow.Flag, action flow.Action, source uint32) []toldFold {
		e := foldEvent(time.Duration(ms)*time.Millisecond, flag, action, source, 1, 22)
		return toldOf(f.add(&e, &noRule))
	}
	one := func(flag flow.Flag, source string) toldFold {
		return toldFold{Flag: flag, Count: 1, Last: source + ":40022 11.0.0.1:22"}
	}
	steps := []struct {
		got  []toldFold
		want []toldFold
	}{
		{add(0, flow.INVALID, 0, 1), []toldFold{one(flow.INVALID, "10.0.0.1")}},
		{add(1, flow.INVALID, 0, 1), []toldFold{one(flow.INVALID, "10.0.0.1")}},
		{add(2, flow.INVALID, 0, 1), nil},
		{add(3, flow.SYN, flow.Deny, 1), []toldFold{one(flow.SYN, "10.0.0.1")}}, // a kind of its own
		{add(4, flow.INVALID, 0, 2), nil},
		{add(5, flow.INVALID, 0, 1), nil},
		{add(6, flow.ACK, flow.Allow, 1), []toldFold{one(flow.ACK, "10.0.0.1")}}, // never counted
		{reach(999), nil},
		{reach(1000), []toldFold{
			{Flag: flow.INVALID, Count: 2, By: logs.BySource, From: "2ms 5ms", Last: "10.0.0.1:40022 11.0.0.1:22"},
			one(flow.INVALID, "10.0.0.2")}},
		{add(1001, flow.INVALID, 0, 1), []toldFold{one(flow.INVALID, "10.0.0.1")}}, // a new second
		{reach(2500), nil},
		{add(2600, flow.INVALID, 0, 1), []toldFold{one(flow.INVALID, "10.0.0.1")}},
		{add(2610, flow.INVALID, 0, 1), []toldFold{one(flow.INVALID, "10.0.0.1")}},
		{add(2620, flow.INVALID, 0, 3), nil},
		{add(2630, flow.INVALID, 0, 3), nil},
		{add(9000, flow.INVALID, 0, 1), []toldFold{ // time passes with what comes, too
			{Flag: flow.INVALID, Count: 2, By: logs.BySource, From: "2.62s 2.63s", Last: "10.0.0.3:40022 11.0.0.1:22"},
			one(flow.INVALID, "10.0.0.1")}},
	}
	for i, s := range steps {
		if diff := cmp.Diff(s.want, s.got); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
	if f.waits() {
		t.Error("something waits")
	}
}

// SYNs beyond the rate wait for their answers: those that have one get a row of
// their own before it, the others are counted.
func TestAnsweredSYNsAreTold(t *testing.T) {
	t.Parallel()
	f := newFold(1)
	step := func(ms int, flag flow.Flag, source uint32) []toldFold {
		e := foldEvent(time.Duration(ms)*time.Millisecond, flag, flow.Allow, source, 1, 22)
		return toldOf(f.add(&e, &noRule))
	}
	var silent []toldFold
	for source := range uint32(10) {
		silent = append(silent, step(1+int(source), flow.SYN, source)...)
	}
	answered := step(20, flow.SYNACK, 7)
	again := step(21, flow.RST, 7)
	late := step(600, flow.SYNACK, 8)
	counted := toldOf(f.reach(foldTime(1100 * time.Millisecond)))
	tooLate := step(1200, flow.SYNACK, 9)
	if len(silent) != 1 || len(again) != 1 {
		t.Errorf("told at once: %v, %v", silent, again)
	}
	if len(answered) != 2 || answered[0].Flag != flow.SYN || answered[0].Count != 1 || answered[1].Flag != flow.SYNACK {
		t.Errorf("with the answer: %v", answered)
	}
	var sum uint64
	for _, x := range counted {
		if x.Flag == flow.SYN {
			sum += x.Count
		}
	}
	if len(late) != 2 || late[0].Flag != flow.SYN || len(tooLate) != 1 {
		t.Errorf("with late answers: %v, %v", late, tooLate)
	}
	if sum != 7 || f.waits() {
		t.Errorf("%d are counted: %v", sum, counted)
	}
}

// foldStep is a batch and its moment.
type foldStep struct {
	moment moment
	events []flow.Event
}

func anyFoldSteps(t *rapid.T, rate int) (steps []foldStep) {
	at := time.Duration(0)
	for range rapid.IntRange(0, 40).Draw(t, "batches") {
		s := foldStep{moment: moment{Rate: rate, Finish: rapid.IntRange(0, 9).Draw(t, "finish") == 0}}
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			at += time.Duration(rapid.IntRange(-20, 300).Draw(t, "later")) * time.Millisecond
			s.events = append(s.events, foldEvent(at,
				rapid.SampledFrom([]flow.Flag{flow.FlagNone, flow.SYN, flow.SYN, flow.SYNACK, flow.ACK, flow.INVALID, flow.DENIED, flow.RST}).Draw(t, "flag"),
				flow.Action(rapid.IntRange(0, 2).Draw(t, "action")),
				rapid.Uint32Range(0, 5).Draw(t, "source"), rapid.Uint32Range(0, 3).Draw(t, "dest"), 22))
		}
		if rapid.Bool().Draw(t, "reached") {
			at += time.Duration(rapid.IntRange(0, 700).Draw(t, "reached later")) * time.Millisecond
			s.moment.Reached = foldTime(at).UnixNano()
		}
		steps = append(steps, s)
	}
	return steps
}

// do takes a batch with a moment as it is noted, and returns all that is told.
func (f *fold) do(s *foldStep) (all []toldFold) {
	s.moment.Untold, s.moment.Half, s.moment.Rows = nil, 0, nil
	noted := f.moment(s.moment.Rate, time.Time{}, s.moment.Finish)
	noted.Reached = s.moment.Reached
	s.moment = noted
	return f.redo(*s)
}

// redo takes a batch with the moment that was noted. Afterwards its memory is
// another's.
func (f *fold) redo(s foldStep) (all []toldFold) {
	batch := slices.Clone(s.events)
	defer clear(batch)
	f.begin(s.moment)
	for i := range batch {
		all = append(all, toldOf(f.add(&batch[i], &noRule))...)
	}
	return append(all, toldOf(f.end(s.moment))...)
}

// Each event is told once, alone or in a count.
func TestFoldTellsEachEventOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := newFold(0)
		taken, given := map[flow.Flag]uint64{}, map[flow.Flag]uint64{}
		steps := append(anyFoldSteps(t, rapid.IntRange(1, 5).Draw(t, "rate")), foldStep{moment: moment{Rate: 1, Finish: true}})
		for i := range steps {
			s := &steps[i]
			for _, e := range s.events {
				taken[e.Flag]++
			}
			for _, x := range f.do(s) {
				given[x.Flag] += x.Count
			}
			untold := f.untold()
			for flag, n := range taken {
				if given[flag]+untold[flag] != n {
					t.Fatalf("batch %d: %v: %d told, %d wait, of %d", i, flag, given[flag], untold[flag], n)
				}
			}
		}
		if f.waits() {
			t.Fatalf("waits: %v", f.untold())
		}
	})
}

// A process that gets again what an earlier one had taken since a batch before
// which nothing waited tells the same from there on.
func TestFoldGoesOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		steps := anyFoldSteps(t, rapid.IntRange(1, 5).Draw(t, "rate"))
		first, told := newFold(0), make([][]toldFold, len(steps))
		for i := range steps {
			told[i] = first.do(&steps[i])
		}
		for from := range steps {
			if len(steps[from].moment.Untold) > 0 {
				continue
			}
			second := newFold(0)
			for i, s := range steps[from:] {
				if diff := cmp.Diff(told[from+i], second.redo(s)); diff != "" {
					t.Fatalf("a process that begins with batch %d tells otherwise in batch %d:\n%s", from, from+i, diff)
				}
			}
		}
	})
}

// However late events are read, and in how many batches, they have the rows that
// they would have had in their time.
func TestABacklogIsFoldedAsItCame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.IntRange(1, 5).Draw(t, "rate")
		var events []flow.Event
		for _, s := range anyFoldSteps(t, rate) {
			events = append(events, s.events...)
		}
		slices.SortStableFunc(events, func(a, b flow.Event) int { return a.Time.Compare(b.Time) })
		if len(events) == 0 {
			return
		}
		end := events[len(events)-1].Time.Add(3 * time.Second)
		there, away := newFold(0), newFold(0)
		var want []toldFold
		at, next := events[0].Time.Add(-time.Second), 0
		for !at.After(end) { // as a process reads that is there
			at = at.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "turn")) * time.Millisecond)
			s := foldStep{moment: moment{Rate: rate, Reached: at.UnixNano()}}
			for ; next < len(events) && events[next].Time.Before(at); next++ {
				s.events = append(s.events, events[next])
			}
			want = append(want, there.do(&s)...)
		}
		var got []toldFold
		for n := 0; n < len(events); { // some of a backlog at once
			batch := min(len(events)-n, rapid.IntRange(1, 100).Draw(t, "batch"))
			s := foldStep{moment: moment{Rate: rate}, events: events[n : n+batch]}
			if n += batch; n < len(events) {
				s.moment.Reached = events[n].Time.UnixNano()
			} else {
				s.moment.Reached = end.UnixNano()
			}
			got = append(got, away.do(&s)...)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("a backlog is told otherwise:\n%s", diff)
		}
	})
}

// A process that was away for ten seconds reads what came meanwhile at once: of
// a kind that kept below the rate each packet has a row, and an answer that came
// in time finds its SYN.
func TestABacklogIsNoFlood(t *testing.T) {
	t.Parallel()
	const seconds, each = 10, 80
	f, s := newFold(0), foldStep{moment: moment{Rate: 100}}
	for n := range uint32(seconds * each) {
		at := time.Duration(n) * time.Second / each
		s.events = append(s.events, foldEvent(at, flow.SYN, flow.Allow, n, 1, 22),
			foldEvent(at, flow.INVALID, 0, n, 1, 22), foldEvent(at, flow.DENIED, flow.Deny, n, 1, 22))
	}
	rows := f.do(&s)
	if len(rows) != 3*seconds*each || f.waits() {
		t.Errorf("%d rows for %d packets", len(rows), 3*seconds*each)
	}
}

// Whatever comes, there are not more rows a second than this, and memory has an
// end.
func TestFoldIsBounded(t *testing.T) {
	f := newFold(DefaultFoldRate)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, sum := heap(), map[flow.Flag]uint64{}
	const seconds, each = 3, 100_000
	rows, most := 0, uint64(0)
	count := func(list []telling) {
		rows += len(list)
		for _, t := range list {
			sum[t.event.Flag] += t.fold.Count
		}
	}
	for second := range seconds {
		for i := range uint32(each) {
			at := time.Duration(second)*time.Second + time.Duration(i)*time.Second/each
			for _, flag := range []flow.Flag{flow.SYN, flow.INVALID, flow.DENIED} {
				e := foldEvent(at, flag, flow.Allow, i, i/64, uint16(i))
				count(f.add(&e, &noRule))
			}
		}
		most = max(most, heap()-before)
	}
	count(f.rest())
	if want := 3 * (seconds + 1) * (DefaultFoldRate + 2*maxFolds + 1); rows > want {
		t.Errorf("%d rows, at most %d are allowed", rows, want)
	}
	for flag, n := range sum {
		if n != seconds*each {
			t.Errorf("%v: %d of %d are told", flag, n, seconds*each)
		}
	}
	t.Logf("%d rows for %d events; %d bytes of memory at most", rows, 3*seconds*each, most)
	if most > 24<<20 {
		t.Errorf("%d bytes of memory", most)
	}
	if after := heap(); after > before && after-before > 1<<20 {
		t.Errorf("%d bytes are kept after the flood", after-before)
	}
	runtime.KeepAlive(f)
}
