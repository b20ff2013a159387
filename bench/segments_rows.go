package main

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// step is one packet of a connection that goes well.
type step struct {
	flag  flow.Flag
	bits  flow.TCPFlags
	reply bool
	state flow.TCPState
}

var steps = []step{{flow.SYN, flow.BitSYN, false, 1}, {flow.SYNACK, flow.BitSYN | flow.BitACK, true, 2}, {flow.ACK, flow.BitACK, false, 3},
	{flow.FIN, flow.BitFIN | flow.BitACK, false, 4}, {flow.FINACK, flow.BitFIN | flow.BitACK, true, 6}}

// traceRows are rows of the flow trace, in the order of time, of two days ago:
// connections of 2,000 clients to 60 servers that begin at random, 1,000 a second,
// with ports and sequence numbers as hosts choose them, five steps each.
func traceRows(n int) (rows []logs.Row) {
	random := rand.New(rand.NewPCG(1, 1))
	source := &logs.Source{Firewall: "fw-bench", ResourceID: logs.DefaultResourceID("bench", "fw-bench")}
	rule := logs.Rule{Policy: "bench", Revision: "0123456789ab", Group: "bench", Collection: "bench", Name: "all"}
	var events []flow.Event
	at := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	for len(events) < n+n/4 {
		at = at.Add(time.Duration(random.ExpFloat64() * float64(time.Millisecond)))
		events = append(events, connectionEvents(random, at)...)
	}
	slices.SortStableFunc(events, func(a, b flow.Event) int { return a.Time.Compare(b.Time) })
	var counters [2]uint64
	for i := range events[:n] {
		cpu := random.IntN(2)
		counters[cpu]++
		events[i].Number = flow.Number{Boot: "b5f5d5a2-2f54-4b8e-9a0e-6d1f2c3b4a59", CPU: uint16(cpu), Seq: counters[cpu]}
		rows = append(rows, logs.Rows(&events[i], source, rule)[0])
	}
	return rows
}

// connectionEvents are those of one connection: its handshake takes about a
// millisecond, half of them last less than 150 ms, a few minutes.
func connectionEvents(random *rand.Rand, at time.Time) (events []flow.Event) {
	client, server := int(random.ExpFloat64()*200)%2000, int(random.ExpFloat64()*10)%60
	there := flow.Tuple{Protocol: flow.TCP,
		Source: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(client >> 8), byte(client)}), uint16(32768+random.IntN(28000))),
		Dest:   netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, 0, byte(server)}), []uint16{443, 443, 22, 3389, 1433}[server%5])}
	isn := random.Uint32()
	id := flow.ConnectionID(there, isn)
	trip := time.Duration(300+random.ExpFloat64()*500+float64(server*100)) * time.Microsecond
	lasts := time.Duration(math.Exp(random.NormFloat64()*1.5) * 150e6)
	after := []time.Duration{0, trip, trip + time.Duration(random.ExpFloat64()*2e5), trip + lasts, 2*trip + lasts}
	for i, s := range steps {
		e := flow.Event{Time: at.Add(after[i]), Flag: s.flag, TCPFlags: s.bits, State: s.state, Packet: there, Connection: there,
			Direction: flow.Original, Action: flow.Allow, Seq: isn, TTL: 63, Window: 502, In: "client", Out: "server", ConnectionID: id}
		if s.reply {
			e.Packet, e.Direction, e.In, e.Out, e.TTL = there.Reverse(), flow.Reply, "server", "client", 62
		}
		events = append(events, e)
	}
	return events
}
