package firewall

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

const (
	// livesAtOnce is how many connections are opened and closed between two
	// readings of the rings: 10,000 a second.
	livesAtOnce = 100
	// timeWait is how many readings later conntrack tells their ends.
	timeWait = 200
)

// BenchmarkLives is what an event costs after the ring where each connection is
// a new one, as on a busy router: what is touched is seldom in a cache, and what
// grows is memory that nobody has touched before. BenchmarkTake has the same few
// connections again and again.
func BenchmarkLives(b *testing.B) {
	for _, accounting := range []bool{false, true} {
		b.Run(fmt.Sprintf("accounting=%v", accounting), func(b *testing.B) { benchmarkLives(b, accounting) })
	}
}

func benchmarkLives(b *testing.B, accounting bool) {
	f := &Firewall{config: &Config{Name: "fw"}, source: &logs.Source{Firewall: "fw"}, stream: newStream(&logs.Source{Firewall: "fw"}, &rowsTold{}), fold: newFold(DefaultFoldRate)}
	f.config.Capture.Accounting = accounting
	f.outputs.Store(noOutputs())
	f.connections = newConnections(f.trackerConfig(), f.stream.rows, f.publishConnections)
	l := lives{now: time.Now().Add(-24 * time.Hour)}
	b.ReportAllocs()
	cpu, before := used(), spent()
	for b.Loop() {
		events := l.open(f.stream.memory(5 * livesAtOnce))
		f.noted.Moment = f.fold.moment(DefaultFoldRate, l.now, false)
		f.take(events)
		if accounting { // else nobody hears of the ends of those that were closed
			f.connections.later(l.end()...)
		}
		if l.beats%10 == 0 {
			f.connections.reach(l.now.Add(-settleTime))
		}
	}
	after, events := spent(), float64(b.N*5*livesAtOnce)
	b.ReportMetric((used()-cpu)/events, "cpu-ns/event")
	b.ReportMetric(float64(after.Minflt-before.Minflt)/events, "faults/event")
	b.ReportMetric(float64(after.Maxrss)/1024, "MB")
}

// lives are connections that come, go, and are forgotten by conntrack.
type lives struct {
	now       time.Time
	beats, n  int
	forgotten int
}

// tuple is the nth connection's.
func (l *lives) tuple(n int) flow.Tuple {
	client := netip.AddrFrom4([4]byte{10, 1, byte(n >> 24), byte(n >> 16)})
	return flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(client, uint16(n)), Dest: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 2, 4}), 22)}
}

// open makes the events of connections that open and close within a moment.
func (l *lives) open(batch []flow.Event) []flow.Event {
	l.beats++
	l.now = l.now.Add(10 * time.Millisecond)
	for range livesAtOnce {
		batch = appendLife(batch, l.tuple(l.n), l.now, uint32(l.n)*7919)
		l.n++
	}
	return batch
}

// end tells the ends of those whose time is over.
func (l *lives) end() []late {
	if l.beats < timeWait {
		return nil
	}
	list := make([]late, livesAtOnce)
	for i := range list {
		list[i] = late{at: l.now, end: &flow.ConntrackEnd{Time: l.now, Connection: l.tuple(l.forgotten), Counters: &flow.Counters{}}}
		l.forgotten++
	}
	return list
}
