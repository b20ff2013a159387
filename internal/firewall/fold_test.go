package firewall

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// foldEvent is an event from one of some addresses to one of some.
func foldEvent(at time.Duration, flag flow.Flag, action flow.Action, source, dest uint32, port uint16) flow.Event {
	from := func(first byte, n uint32) netip.Addr {
		b := [4]byte{first}
		binary.BigEndian.PutUint32(b[:], n|uint32(first)<<24)
		return netip.AddrFrom4(b)
	}
	e := flow.Event{Time: time.Unix(1000, 0).Add(at), Flag: flag, Action: action, Direction: flow.Original,
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
			x.By, x.From = t.fold.By, fmt.Sprint(t.fold.From.Sub(time.Unix(1000, 0)), " ", t.event.Time.Sub(time.Unix(1000, 0)))
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
	add := func(ms int, flag flow.Flag, action flow.Action, source uint32) []toldFold {
		e := foldEvent(time.Duration(ms)*time.Millisecond, flag, action, source, 1, 22)
		return toldOf(f.add(&e, logs.Rule{}))
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
		{toldOf(f.flush()), []toldFold{
			{Flag: flow.INVALID, Count: 2, By: logs.BySource, From: "2ms 5ms", Last: "10.0.0.1:40022 11.0.0.1:22"},
			one(flow.INVALID, "10.0.0.2")}},
		{add(1001, flow.INVALID, 0, 1), []toldFold{one(flow.INVALID, "10.0.0.1")}}, // a new second
		{toldOf(f.flush()), nil},
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
		return toldOf(f.add(&e, logs.Rule{}))
	}
	var silent []toldFold
	for source := range uint32(10) {
		silent = append(silent, step(1+int(source), flow.SYN, source)...)
	}
	answered := step(20, flow.SYNACK, 7)
	again := step(21, flow.RST, 7)
	f.letGo()
	late := step(600, flow.SYNACK, 8)
	f.letGo()
	tooLate := step(1200, flow.SYNACK, 9)
	counted := toldOf(f.flush())
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
		s := foldStep{moment: moment{Rate: rate, LetGo: rapid.Bool().Draw(t, "let go"), Flush: rapid.Bool().Draw(t, "flush"),
			Finish: rapid.IntRange(0, 9).Draw(t, "finish") == 0}}
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			at += time.Duration(rapid.IntRange(-20, 300).Draw(t, "later")) * time.Millisecond
			s.events = append(s.events, foldEvent(at,
				rapid.SampledFrom([]flow.Flag{flow.FlagNone, flow.SYN, flow.SYN, flow.SYNACK, flow.ACK, flow.INVALID, flow.DENIED, flow.RST}).Draw(t, "flag"),
				flow.Action(rapid.IntRange(0, 2).Draw(t, "action")),
				rapid.Uint32Range(0, 5).Draw(t, "source"), rapid.Uint32Range(0, 3).Draw(t, "dest"), 22))
		}
		steps = append(steps, s)
	}
	return steps
}

// do takes a batch and returns all that is told.
func (f *fold) do(s foldStep) (all []toldFold) {
	all = append(all, toldOf(f.begin(s.moment))...)
	for i := range s.events {
		e := s.events[i]
		all = append(all, toldOf(f.add(&e, logs.Rule{}))...)
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
		for i, s := range steps {
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

// A process that gets again what an earlier one had taken since a moment when
// nothing waited tells the same from there on.
func TestFoldGoesOn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.IntRange(1, 5).Draw(t, "rate")
		forgotten, kept := anyFoldSteps(t, rate), anyFoldSteps(t, rate)
		first, second := newFold(0), newFold(0)
		for _, s := range append(forgotten, foldStep{moment: moment{Finish: true}}) {
			first.do(s)
		}
		for i, s := range kept {
			if diff := cmp.Diff(first.do(s), second.do(s)); diff != "" {
				t.Fatalf("batch %d: the second process tells otherwise:\n%s", i, diff)
			}
		}
	})
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
				count(f.add(&e, logs.Rule{}))
			}
		}
		most = max(most, heap()-before)
		f.letGo()
		count(f.flush())
	}
	count(f.finish())
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
