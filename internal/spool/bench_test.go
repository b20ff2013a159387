package spool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime/debug"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// BenchmarkFlood is the CPU time of an event in segments, its connection's rows
// included, as a firewall has them in a flood of short connections: batches of 20 ms,
// of events that were just made, with caches that have seen something else meanwhile.
func BenchmarkFlood(b *testing.B) {
	for _, rules := range []int{1, 20} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) { benchmarkFlood(b, newFlood(rules)) })
	}
}

func benchmarkFlood(b *testing.B, f *flood) {
	b.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // no garbage is that of the spool
	s, err := Open(Options{Folder: b.TempDir(), State: b.TempDir(), Unsynced: true, Firewall: "fw", Group: -1, Bytes: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	const batches, connections = 45, 370
	var least, took, bytes int64
	for b.Loop() {
		took = 0
		for n := range batches {
			rows, ended := f.batch(connections)
			f.forget()
			before := cpu()
			s.Reach(s.Next(time.Time{}, n == 0))
			s.Add(rows)
			if err := s.Keep(ended); err != nil {
				b.Fatal(err)
			}
			took += cpu() - before
			f.maker.Reset()
		}
		f.forget()
		before := cpu()
		go func() { s.Reach(s.Next(time.Time{}, true)) }()
		if err := s.Flush(context.Background()); err != nil {
			b.Fatal(err)
		}
		took += cpu() - before
		if least == 0 || took < least {
			least = took
		}
		debug.FreeOSMemory()
	}
	_, bytes, _ = s.waitingFiles()
	events := float64(batches * connections * 5)
	b.ReportMetric(float64(least)/events, "least-ns/event")
	b.ReportMetric(float64(bytes)/events/float64(b.N), "B/event")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

func cpu() int64 {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

// flood makes short connections of two hosts.
type flood struct {
	random *rand.Rand
	maker  logs.Maker
	rules  []logs.Rule
	at     time.Time
	number uint64
	other  []byte
}

func newFlood(rules int) *flood {
	f := &flood{random: rand.New(rand.NewPCG(1, 1)), at: time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC), other: make([]byte, 16<<20)}
	for i := range rules {
		f.rules = append(f.rules, logs.Rule{Policy: "fwpol-hub", Revision: "0123456789ab", Group: fmt.Sprintf("rcg-%d", i/5),
			Collection: fmt.Sprintf("rc-%d", i/3), Name: fmt.Sprintf("rule-%d", i)})
	}
	return f
}

// forget has the caches hold something else.
func (f *flood) forget() {
	for i := 0; i < len(f.other); i += 64 {
		f.other[i]++
	}
}

// batch is the rows of the events of so many connections, and those of the connections.
// The steps of a few connections come mixed.
func (f *flood) batch(connections int) (rows, ended []logs.Row) {
	const mixed = 4
	events := make([]flow.Event, 5*connections)
	for n := 0; n < connections; n += mixed {
		for k := range min(mixed, connections-n) {
			for step, e := range f.life() {
				events[5*n+step*min(mixed, connections-n)+k] = e
			}
		}
	}
	for i := range events {
		f.at = f.at.Add(time.Duration(5+f.random.IntN(10)) * time.Microsecond)
		f.number++
		e := &events[i]
		e.Time, e.Number = f.at, flow.Number{Boot: "b5f5d5a2-2f54-4b8e-9a0e-6d1f2c3b4a59", CPU: uint16(i % 2), Seq: f.number / 2}
		rows = append(rows, f.maker.Rows(e, source, &f.rules[e.Rule], logs.Fold{})...)
		if e.Flag == flow.FINACK {
			ended = append(ended, logs.ConnectionRow(f.connection(e), source))
		}
	}
	return rows, ended
}

// life is the events of a connection that opens and closes.
func (f *flood) life() (life [5]flow.Event) {
	client := netip.AddrPortFrom(netip.MustParseAddr("10.1.1.4"), uint16(32768+f.random.IntN(28000)))
	there := flow.Tuple{Protocol: flow.TCP, Source: client, Dest: netip.MustParseAddrPort("10.1.2.4:8080")}
	rule, isn := uint32(f.random.IntN(len(f.rules))), f.random.Uint32()
	id := flow.ConnectionID(there, isn)
	for i, s := range [...]struct {
		flag  flow.Flag
		bits  flow.TCPFlags
		reply bool
	}{{flow.SYN, flow.BitSYN, false}, {flow.SYNACK, flow.BitSYN | flow.BitACK, true}, {flow.ACK, flow.BitACK, false},
		{flow.FIN, flow.BitFIN | flow.BitACK, false}, {flow.FINACK, flow.BitFIN | flow.BitACK, true}} {
		e := flow.Event{Packet: there, Connection: there, Direction: flow.Original, Flag: s.flag, TCPFlags: s.bits, State: flow.TCPState(i + 1),
			Seq: isn, TTL: 63, Window: 502, In: "client", Out: "server", Action: flow.Allow, Rule: rule, ConnectionID: id}
		if s.reply {
			e.Packet, e.Direction, e.In, e.Out = there.Reverse(), flow.Reply, "server", "client"
		}
		life[i] = e
	}
	return life
}

func (f *flood) connection(e *flow.Event) *flow.Connection {
	r := &f.rules[e.Rule]
	at := func(back int) time.Time { return e.Time.Add(time.Duration(back+f.random.IntN(20)) * time.Microsecond) }
	return &flow.Connection{ID: e.ConnectionID, Firewall: "fw", Tuple: e.Connection, Update: 1, Told: e.Time, First: at(-200), Last: e.Time,
		SYN: at(-200), SYNACK: at(-150), ACK: at(-100), FIN: at(-50), FINACK: e.Time, History: string([]byte("SHAFf")), Events: 5,
		SYNs: 1, SYNACKs: 1, ACKs: 1, FINs: [2]int{1, 1}, MSS: [2]uint16{1460, 1460}, TTL: [2]uint8{63, 63}, SYNTTL: [2]uint8{63, 63}, UnackedKnown: true,
		End: "fin", In: "client", Out: "server", Verdict: flow.Verdict{Outcome: "completed", Certainty: "certain", By: flow.Client},
		Decision: flow.Decision{Action: flow.Allow, Policy: r.Policy, Revision: r.Revision, Group: r.Group, Collection: r.Collection, Rule: r.Name}}
}
