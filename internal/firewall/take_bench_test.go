package firewall

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// BenchmarkTake is what an event costs after the ring: naming, id, rows, and
// keeping them for who asks later.
func BenchmarkTake(b *testing.B) {
	f := &Firewall{config: &Config{Name: "fw"}, source: &logs.Source{Firewall: "fw"}, stream: newStream()}
	f.outputs.Store(noOutputs())
	f.fold, f.clockwork.moment = newFold(DefaultFoldRate), moment{Rate: math.MaxInt}
	f.connections = newConnections(f.trackerConfig(), f.publishConnections)
	batch := make([]flow.Event, 0, 500)
	server := netip.MustParseAddrPort("10.1.2.4:22")
	for i := range 100 {
		there := flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(netip.MustParseAddr("10.1.1.4"), uint16(i+1)), Dest: server}
		for _, s := range []struct {
			flag  flow.Flag
			bits  flow.TCPFlags
			reply bool
		}{{flow.SYN, flow.BitSYN, false}, {flow.SYNACK, flow.BitSYN | flow.BitACK, true}, {flow.ACK, flow.BitACK, false}, {flow.FIN, flow.BitFIN | flow.BitACK, false}, {flow.FINACK, flow.BitFIN | flow.BitACK, true}} {
			e := flow.Event{Time: time.Now(), Packet: there, Connection: there, Direction: flow.Original, Flag: s.flag, TCPFlags: s.bits, Ack: 1}
			if s.reply {
				e.Packet, e.Direction = there.Reverse(), flow.Reply
			}
			batch = append(batch, e)
		}
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		for i := range batch {
			batch[i].Seq, batch[i].Ack = uint32(n), uint32(n+1)
		}
		f.take(batch)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(batch)), "ns/event")
}
