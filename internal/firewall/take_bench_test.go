package firewall

import (
	"log/slog"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/settings"
)

// BenchmarkTake is what an event costs after the ring: naming, id, rows, and
// keeping them for who asks later.
func BenchmarkTake(b *testing.B) {
	f := &Firewall{config: &Config{Name: "fw"}, source: &logs.Source{Firewall: "fw"}, stream: newStream(&logs.Source{Firewall: "fw"}, &rowsTold{})}
	f.outputs.Store(noOutputs())
	benchmarkTake(b, f)
}

// BenchmarkTakeToSegments is the same with everything in segments, a batch of
// them each 10 ms, and the rows of connections with them.
func BenchmarkTakeToSegments(b *testing.B) {
	f := &Firewall{config: &Config{Name: "fw", StateFolder: b.TempDir(), Logs: LogsConfig{Spool: SpoolConfig{Folder: b.TempDir()}}}, ledger: &ledger{},
		source: &logs.Source{Firewall: "fw"}, stream: newStream(&logs.Source{Firewall: "fw"}, &rowsTold{}), log: slog.New(slog.DiscardHandler), ending: func() bool { return false }}
	f.ignored = newFold(DefaultFoldRate)
	o, err := f.outputsOf(1, settings.NewRouter([]settings.Setting{{Name: "all", Workspace: true}}, time.Time{}))
	if err != nil {
		b.Fatal(err)
	}
	f.outputs.Store(o)
	benchmarkTake(b, f)
}

func benchmarkTake(b *testing.B, f *Firewall) {
	b.Helper()
	f.fold, f.noted.Moment = newFold(math.MaxInt), moment{Rate: math.MaxInt}
	f.connections = newConnections(f.trackerConfig(), f.stream.rows, f.publishConnections)
	if f.spool() != nil {
		f.config.Logs.FoldRate = math.MaxInt32
	}
	batch := make([]flow.Event, 0, 500)
	server := netip.MustParseAddrPort("10.1.2.4:22")
	for i := range 100 {
		there := flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(netip.MustParseAddr("10.1.1.4"), uint16(i+1)), Dest: server}
		batch = appendLife(batch, there, time.Now(), 0)
	}
	b.ReportAllocs()
	before := used()
	for n := 0; b.Loop(); n++ {
		for i := range batch {
			batch[i].Seq, batch[i].Ack = uint32(n), uint32(n+1)
		}
		if f.spool() != nil {
			f.mark(time.Time{})
		}
		f.take(append(f.stream.memory(len(batch)), batch...))
	}
	if err := f.closeOutputs(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch)), "ns/event")
	b.ReportMetric((used()-before)/float64(b.N)/float64(len(batch)), "cpu-ns/event")
}

// appendLife appends the events of a connection that opens and closes.
func appendLife(events []flow.Event, there flow.Tuple, at time.Time, seq uint32) []flow.Event {
	for _, s := range [...]struct {
		flag  flow.Flag
		bits  flow.TCPFlags
		reply bool
	}{{flow.SYN, flow.BitSYN, false}, {flow.SYNACK, flow.BitSYN | flow.BitACK, true}, {flow.ACK, flow.BitACK, false},
		{flow.FIN, flow.BitFIN | flow.BitACK, false}, {flow.FINACK, flow.BitFIN | flow.BitACK, true}} {
		e := flow.Event{Time: at, Packet: there, Connection: there, Direction: flow.Original, Flag: s.flag, TCPFlags: s.bits, Seq: seq, Ack: seq + 1}
		if s.reply {
			e.Packet, e.Direction = there.Reverse(), flow.Reply
		}
		events = append(events, e)
	}
	return events
}
