package diagnose

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/topology"
)

// Whatever rows there are, there is a verdict that makes sense by itself, and
// the order of rows does not matter.
func TestAnyRows(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	base, _, err := topology.ReadFile("testdata/topologies/two-hubs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t, base)
		v := Diagnose(c)
		for _, problem := range misfits(schema, schema, plain(v), "") {
			t.Errorf("not as the schema says: %s", problem)
		}
		if !v.Healthy && (v.Where == nil || v.StuckAt == flow.StepNone || v.Cause.Code == NoCause) {
			t.Errorf("ill, and it does not say where or why: %s at %q, %v, %s", v.Outcome, v.StuckAt, v.Where, v.Cause.Code)
		}
		if v.Healthy && len(v.Fix) > 0 {
			t.Errorf("healthy, with a fix")
		}
		slices.Reverse(c.Connections)
		slices.Reverse(c.Watches)
		if diff := cmp.Diff(plain(v), plain(Diagnose(c))); diff != "" {
			t.Errorf("in another order (-want, +got):\n%s", diff)
		}
	})
}

func drawCase(t *rapid.T, base *topology.Topology) Case {
	c := Case{Asked: Question{Source: netip.MustParseAddrPort("10.1.1.4:0"), Destination: netip.MustParseAddrPort("10.2.1.4:22")}}
	if rapid.Bool().Draw(t, "topology") {
		c.Topology = drawEdits(t, base)
	}
	for _, name := range []string{"fw-a", "fw-b", "fw-c"} {
		if rapid.Bool().Draw(t, name+" was asked") {
			w := Watch{Firewall: name}
			if rapid.Bool().Draw(t, "lost") {
				w.Losses = []Loss{{Span: Span{To: ms(100)}, Count: 1}}
			}
			c.Watches = append(c.Watches, w)
		}
		for range rapid.IntRange(0, 2).Draw(t, "rows") {
			row := drawRow(t, name)
			row.First = row.First.Add(time.Duration(len(c.Connections))) // no firewall tells two rows with one name
			c.Connections = append(c.Connections, row)
		}
	}
	return c
}

// drawEdits takes routes away, or bends them.
func drawEdits(t *rapid.T, top *topology.Topology) *topology.Topology {
	for range rapid.IntRange(0, 3).Draw(t, "edits") {
		table := rapid.SampledFrom([]string{"rt-spoke-a1", "rt-spoke-b1", "rt-fw-a", "rt-fw-b"}).Draw(t, "table")
		prefix := rapid.SampledFrom([]string{"0.0.0.0/0", "10.1.1.0/24", "10.2.1.0/24", "10.2.0.0/16"}).Draw(t, "prefix")
		r := topology.Route{Name: "drawn", AddressPrefix: prefix, NextHopType: topology.None}
		if hop := rapid.SampledFrom([]string{"", "10.1.0.4", "10.2.0.4", "10.1.0.9"}).Draw(t, "hop"); hop != "" {
			r.NextHopType, r.NextHopIPAddress = topology.VirtualAppliance, hop
		}
		changed, err := top.SetRoute(table, r)
		if err == nil {
			top = changed
		}
	}
	return top
}

func drawRow(t *rapid.T, firewall string) flow.Connection {
	count := func(label string) int { return rapid.IntRange(0, 4).Draw(t, label) }
	tuple := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.1.1.4:40000"), Dest: netip.MustParseAddrPort("10.2.1.4:22")}
	moment := func(label string) time.Time { return ms(float64(rapid.IntRange(0, 9000).Draw(t, label))) }
	outcomes := slices.DeleteFunc(flow.Outcomes(), func(o flow.Outcome) bool { return o == flow.NotSeen })
	c := flow.Connection{
		ID: rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "id"), Firewall: firewall, Tuple: tuple, Update: rapid.IntRange(1, 3).Draw(t, "update"),
		SYNs: count("SYNs"), SYNACKs: count("SYN-ACKs"), ACKs: count("ACKs"), SYN: moment("SYN"), SYNACK: moment("SYN-ACK"), ACK: moment("ACK"),
		FINs: [2]int{count("FINs"), count("server's FINs")}, RSTs: [2]int{count("RSTs"), count("server's RSTs")},
		Retransmits: [2]int{count("repeats"), count("server's repeats")}, RetransmitSize: uint16(rapid.IntRange(0, 1500).Draw(t, "size")),
		TTL: [2]uint8{uint8(rapid.IntRange(0, 64).Draw(t, "ttl")), 0}, Denials: count("denials"),
		Zone: rapid.SampledFrom([]uint16{0, 1, 2}).Draw(t, "zone"),
		Verdict: flow.Verdict{Outcome: rapid.SampledFrom(outcomes).Draw(t, "outcome"),
			By:        rapid.SampledFrom([]flow.Side{flow.NoSide, flow.Client, flow.Server, flow.Middlebox}).Draw(t, "by"),
			Certainty: rapid.SampledFrom([]flow.Certainty{flow.Certain, flow.Likely, flow.Unknown}).Draw(t, "certainty")},
	}
	c.First, c.Last = moment("first"), ms(9000)
	if rapid.Bool().Draw(t, "INVALID") {
		c.Invalids = 1
		c.Invalid = &flow.InvalidPacket{Time: moment("INVALID"), Way: flow.Way(rapid.IntRange(0, 1).Draw(t, "way")), TCPFlags: flow.BitACK}
	}
	if rapid.Bool().Draw(t, "drop") {
		c.Drop = &flow.Drop{Time: moment("drop"), Reason: "NETFILTER_DROP", Hook: "forward", Tuple: tuple, Count: 1}
	}
	if rapid.Bool().Draw(t, "icmp") {
		c.ICMPErrors, c.ICMP = 1, &flow.ICMPNote{Time: moment("icmp"), From: netip.MustParseAddr("10.2.1.4"), Text: "host unreachable"}
	}
	if rapid.Bool().Draw(t, "mid-stream") {
		c.Verdict.Doubts = []flow.Doubt{flow.MidStream}
	}
	if rapid.Bool().Draw(t, "translated") {
		c.Translated = flow.Tuple{Protocol: flow.TCP, Source: tuple.Source, Dest: netip.MustParseAddrPort("10.2.1.9:80")}
	}
	return c
}
