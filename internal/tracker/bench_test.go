package tracker

import (
	"runtime"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// BenchmarkEvents is whole lives of connections, five events each, beside
// 100,000 others that are open: how many events one core takes a second.
func BenchmarkEvents(b *testing.B) {
	rows := 0
	tr := New(Config{Tell: func(*flow.Connection) { rows++ }})
	for n := range 100_000 {
		shake(tr, n, epoch)
	}
	const lives = 20_000
	events := make([]flow.Event, 0, 5*lives)
	for n := range lives {
		tuple, at := nth(200_000+n), epoch.Add(time.Duration(n)*20*time.Microsecond)
		events = append(events,
			recorded(tuple, flow.FromClient, flow.SYN, at, 1000, 0),
			recorded(tuple, flow.FromServer, flow.SYNACK, at, 5000, 1001),
			recorded(tuple, flow.FromClient, flow.ACK, at, 1001, 5001),
			recorded(tuple, flow.FromClient, flow.FIN, at, 1101, 6001),
			recorded(tuple, flow.FromServer, flow.FINACK, at, 6001, 1102))
	}
	b.ReportAllocs()
	round := uint32(0)
	for i := 0; b.Loop(); i++ {
		at := i % len(events)
		if at == 0 {
			round++
		}
		e := &events[at] // each time around, the ports have a new connection
		if round > 1 {
			e.Time = e.Time.Add(time.Second)
			e.Seq += 1 << 16
			e.Ack += 1 << 16
		}
		tr.Add(e)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(rows)/float64(b.N), "rows/event")
}

// BenchmarkInvalidFlood is INVALID packets of tuples that nobody knows.
func BenchmarkInvalidFlood(b *testing.B) {
	tr := New(Config{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tr.Add(invalid(nth(i&0xffffff), epoch.Add(time.Duration(i)*10*time.Microsecond)))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkMemory is what an open connection takes.
func BenchmarkMemory(b *testing.B) {
	const connections = DefaultLimit
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		tr := New(Config{})
		for n := range connections {
			shake(tr, n, epoch)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if tr.Len() != connections {
			b.Fatalf("%d connections are known", tr.Len())
		}
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/connections, "B/conn")
	}
}
