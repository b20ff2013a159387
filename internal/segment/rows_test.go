package segment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

var fwHub = &logs.Source{Firewall: "fw-hub", ResourceID: logs.DefaultResourceID("rg-Hub", "fw-hub"),
	SubscriptionID: "00000000-0000-0000-0000-000000000000"}

const bootID = "b5f5d5a2-2f54-4b8e-9a0e-6d1f2c3b4a59"

// traffic makes rows of whole connections, five events each, of 2,000 clients
// to 60 servers, as of a busy firewall: connections begin at random, 1,000 a
// second; handshakes take about a millisecond; half of the connections last
// less than 150 ms, a few for minutes.
type traffic struct {
	rnd    *rand.Rand
	begin  time.Time
	rules  []logs.Rule
	events []flow.Event
}

func newTraffic(seed uint64) *traffic {
	t := &traffic{rnd: rand.New(rand.NewPCG(seed, 1)), begin: time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)}
	for i := range 20 {
		t.rules = append(t.rules, logs.Rule{Policy: "fwpol-hub", Revision: "0123456789ab", Group: fmt.Sprintf("rcg-%d", i/5),
			Collection: fmt.Sprintf("rc-%d", i/3), Name: fmt.Sprintf("rule-%d", i)})
	}
	return t
}

// rows are so many of the trace, in the order of time.
func (t *traffic) rows(n int) []logs.Row {
	at := t.begin
	for len(t.events) < n+n/4 {
		at = at.Add(time.Duration(t.rnd.ExpFloat64() * float64(time.Millisecond)))
		t.connection(at)
	}
	slices.SortStableFunc(t.events, func(a, b flow.Event) int { return a.Time.Compare(b.Time) })
	var counters [2]uint64
	rows := make([]logs.Row, n)
	for i := range rows {
		ev := &t.events[i]
		cpu := t.rnd.IntN(2)
		counters[cpu]++
		ev.Number = flow.Number{Boot: bootID, CPU: uint16(cpu), Seq: counters[cpu]}
		rows[i] = logs.Rows(ev, fwHub, t.rules[ev.Rule])[0]
	}
	return rows
}

// connection adds the events of one connection.
func (t *traffic) connection(at time.Time) {
	rnd := t.rnd
	client, server := int(rnd.ExpFloat64()*200)%2000, int(rnd.ExpFloat64()*10)%60
	services := []uint16{443, 443, 443, 22, 3389, 1433, 8080, 53}
	there := flow.Tuple{Protocol: flow.TCP,
		Source: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(client >> 8), byte(client)}), uint16(32768+rnd.IntN(28000))),
		Dest:   netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, 0, byte(server)}), services[server%len(services)])}
	isn, serverISN, id, serverID := rnd.Uint32(), rnd.Uint32(), uint16(rnd.Uint32()), uint16(rnd.Uint32())
	up, down := uint32(200+rnd.IntN(2000)), uint32(500+rnd.ExpFloat64()*30000)
	trip := time.Duration(300+rnd.ExpFloat64()*500+float64(server*100)) * time.Microsecond
	answer := trip + time.Duration(rnd.ExpFloat64()*2e5)
	end := answer + time.Duration(math.Exp(rnd.NormFloat64()*1.5)*150e6)
	known, fin := flow.Stream{Known: true}, flow.Stream{Known: true, Unacked: 1}
	base := flow.Event{Packet: there, Connection: there, ConnectionID: flow.ConnectionID(there, isn), Direction: flow.Original,
		Action: flow.Allow, Rule: uint32(server % 20), In: "eth0", Out: "eth1", TTL: 63, ReplyStream: known, OriginalStream: known}
	add := func(after time.Duration, e flow.Event) {
		e.Time = at.Add(after)
		t.events = append(t.events, e)
	}
	reply := base
	reply.Packet, reply.Direction, reply.In, reply.Out, reply.TTL = there.Reverse(), flow.Reply, "eth1", "eth0", 62
	e := base
	e.Flag, e.TCPFlags, e.State, e.Seq, e.Window, e.IPID, e.MSS = flow.SYN, flow.BitSYN, 1, isn, 64240, id, 1460
	e.OriginalStream, e.ReplyStream = flow.Stream{}, flow.Stream{}
	add(0, e)
	e = reply
	e.Flag, e.TCPFlags, e.State, e.Seq, e.Ack, e.Window, e.MSS = flow.SYNACK, flow.BitSYN|flow.BitACK, 2, serverISN, isn+1, 65160, 1460
	add(trip, e)
	e = base
	e.Flag, e.TCPFlags, e.State, e.Seq, e.Ack, e.Window, e.IPID = flow.ACK, flow.BitACK, 3, isn+1, serverISN+1, 502, id+1
	add(answer, e)
	e.Flag, e.TCPFlags, e.State, e.Seq, e.Ack, e.OriginalStream = flow.FIN, flow.BitFIN|flow.BitACK, 4, isn+1+up, serverISN+1+down, fin
	e.Window, e.IPID = uint16(501-rnd.IntN(20)), id+2+uint16(up/1000+down/3000)
	add(end, e)
	e = reply
	e.Flag, e.TCPFlags, e.State, e.Seq, e.Ack, e.Window, e.IPID, e.ReplyStream = flow.FINACK, flow.BitFIN|flow.BitACK, 6, serverISN+1+down, isn+2+up, 509, serverID, fin
	add(end+trip, e)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// nameOf is a name of a segment of the firewall fw-hub.
func nameOf(sequence uint64) Name { return Name{Firewall: "fw-hub", Boot: bootID, Sequence: sequence} }

// closed is a segment with those rows, in a folder of its own.
func closed(tb testing.TB, sequence uint64, rows []logs.Row) Info {
	tb.Helper()
	w := NewWriter(rows[0].Table())
	for _, r := range rows {
		w.Add(r)
	}
	info, err := w.Close(tb.TempDir(), nameOf(sequence), Meta{})
	must(tb, err)
	return info
}

// openFolder opens a folder on the day of the rows of these tests, unless another
// day is asked for: a day that is over is merged in another way.
func openFolder(tb testing.TB, root string, o Options) *Folder {
	tb.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2026, 11, 29, 23, 0, 0, 0, time.UTC) }
	}
	f, err := OpenFolder(root, o)
	must(tb, err)
	tb.Cleanup(func() { f.Close() })
	return f
}
