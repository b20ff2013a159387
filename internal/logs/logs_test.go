package logs

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with the named file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

var (
	hub = &Source{Firewall: "fw-hub", ResourceID: DefaultResourceID("", "fw-hub"),
		SubscriptionID: "00000000-0000-0000-0000-000000000000", TenantID: "9b1c"}
	west     = &Source{Firewall: "fw-spoke-west", ResourceID: DefaultResourceID("", "fw-spoke-west")}
	rdp      = Rule{"fwpol-hub", "r7", "rcg-spokes", "allow-admin", "spoke1-to-spoke2-rdp"}
	noTelnet = Rule{"fwpol-hub", "r7", "rcg-spokes", "deny-old", "no-telnet"}
	byNone   = Rule{Policy: "fwpol-hub", Revision: "r7"}
)

// example is an event with the rule behind its decision.
type example struct {
	name string
	ev   flow.Event
	rule Rule
}

// examples are one event of each kind, in the order of the issue that flow
// trace logs are for: connections that work, that are denied, that are cut,
// and packets without state.
func examples() []example {
	client, server := netip.MustParseAddrPort("10.0.100.4:62877"), netip.MustParseAddrPort("10.0.200.4:3389")
	out := flow.Tuple{Protocol: flow.TCP, Source: client, Dest: server}
	var n uint64
	at := time.Date(2026, 9, 7, 17, 52, 1, 408_123_456, time.UTC)
	event := func(f flow.Flag, bits flow.TCPFlags, t flow.Tuple, change func(*flow.Event)) flow.Event {
		n++
		at = at.Add(4 * time.Millisecond)
		ev := flow.Event{Number: flow.Number{Boot: "b8f3", CPU: 1, Seq: n}, Time: at, Packet: t, Connection: t,
			Direction: flow.Original, Flag: f, TCPFlags: bits, Seq: 1000, Ack: 0, Window: 64240, TTL: 63, IPID: 54321,
			In: "spoke1", Out: "spoke2", Action: flow.Allow, Rule: 3, State: 3, ConnectionID: "8ecf6653509db998"}
		if bits&flow.BitACK != 0 {
			ev.Ack = 5001
		}
		if change != nil {
			change(&ev)
		}
		return ev
	}
	reply := func(ev *flow.Event) {
		ev.Direction, ev.Connection, ev.Seq, ev.Ack, ev.In, ev.Out = flow.Reply, out, 5000, 1001, "spoke2", "spoke1"
	}
	syn := func(a flow.Action, rule uint32) func(*flow.Event) {
		return func(ev *flow.Event) { ev.State, ev.MSS, ev.Action, ev.Rule = 1, 1460, a, rule }
	}
	invalid := func(r flow.Reason, text string) func(*flow.Event) {
		return func(ev *flow.Event) {
			ev.Direction, ev.Connection, ev.State, ev.Action, ev.Rule = flow.DirectionUnknown, flow.Tuple{}, 0, flow.ActionNone, 0
			ev.Reason, ev.ReasonText, ev.ConnectionID = r, text, ""
		}
	}
	to := func(port uint16) flow.Tuple {
		return flow.Tuple{Protocol: flow.TCP, Source: client, Dest: netip.AddrPortFrom(server.Addr(), port)}
	}
	v6 := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("[fd10:3:5:1::4]:36424"),
		Dest: netip.MustParseAddrPort("[2001:db8:1234:5678:9abc:def0:1111:2222]:443")}
	long := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("192.168.100.104:62877"), Dest: server}
	icmpBack := flow.Tuple{Protocol: flow.ICMP, Source: netip.AddrPortFrom(netip.MustParseAddr("10.0.200.1"), 0),
		Dest: netip.AddrPortFrom(out.Source.Addr(), 0)}
	return []example{
		{"SYN allowed", event(flow.SYN, flow.BitSYN, out, syn(flow.Allow, 3)), rdp},
		{"SYN-ACK", event(flow.SYNACK, flow.BitSYN|flow.BitACK, out.Reverse(), func(ev *flow.Event) { reply(ev); ev.State, ev.MSS = 2, 1460 }), rdp},
		{"ACK", event(flow.ACK, flow.BitACK, out, nil), rdp},
		{"FIN", event(flow.FIN, flow.BitFIN|flow.BitACK, out, func(ev *flow.Event) {
			ev.State, ev.OriginalStream, ev.ReplyStream = 4, flow.Stream{Known: true, Sent: 1002, Unacked: 1}, flow.Stream{Known: true, Sent: 5001}
		}), rdp},
		{"FIN-ACK", event(flow.FINACK, flow.BitFIN|flow.BitACK, out.Reverse(), func(ev *flow.Event) { reply(ev); ev.State = 6 }), rdp},
		{"RETRANS", event(flow.RETRANS, flow.BitACK|flow.BitPSH, out, func(ev *flow.Event) {
			ev.Payload, ev.OriginalStream = 1448, flow.Stream{Known: true, Sent: 2448, Unacked: 1448}
		}), rdp},
		{"RST", event(flow.RST, flow.BitRST|flow.BitACK, out.Reverse(), func(ev *flow.Event) { reply(ev); ev.State, ev.Window = 8, 0 }), rdp},
		{"SYN denied by rule", event(flow.SYN, flow.BitSYN, to(23), syn(flow.Deny, 1)), noTelnet},
		{"SYN denied by default", event(flow.SYN, flow.BitSYN, to(8443), syn(flow.Deny, 0)), byNone},
		{"INVALID without text", event(flow.INVALID, flow.BitACK, out, invalid(flow.NoState, "")), Rule{}},
		{"INVALID with text", event(flow.INVALID, flow.BitACK, out, invalid(flow.InvalidState, "packet (index 3) in dir 0 invalid, state SYN_SENT")), Rule{}},
		{"INVALID over window", event(flow.INVALID, flow.BitACK|flow.BitPSH, out.Reverse(), invalid(flow.SeqOverWindow, "SEQ is over upper bound 3142567890 (over the window of the receiver)")), Rule{}},
		{"DENIED", event(flow.DENIED, flow.BitACK|flow.BitPSH, to(23), func(ev *flow.Event) { ev.Action, ev.Rule, ev.Payload = flow.Deny, 1, 512 }), noTelnet},
		{"ICMP error", event(flow.ICMPERROR, 0, icmpBack, func(ev *flow.Event) {
			reply(ev)
			ev.Connection, ev.Action, ev.ICMPType, ev.ICMPCode = out, flow.Allow, 3, 1
		}), rdp},
		{"long IPv4 SYN", event(flow.SYN, flow.BitSYN, long, syn(flow.Allow, 3)), rdp},
		{"IGNORED", event(flow.IGNORED, flow.BitSYN, out, func(ev *flow.Event) {
			invalid(flow.IgnoredState, "packet (index 0) in dir 0 ignored, state ESTABLISHED")(ev)
			ev.Number, ev.Out, ev.ConnectionID = flow.Number{}, "", "8ecf6653509db998"
		}), Rule{}},
		{"IPv6 SYN", event(flow.SYN, flow.BitSYN, v6, syn(flow.Allow, 4)), rdp},
	}
}

// exampleRows are the rows of all examples, flow trace rows only if asked. The
// last example comes from another firewall.
func exampleRows(onlyTrace bool) []Row {
	var rows []Row
	for _, x := range examples() {
		src := hub
		if x.name == "IPv6 SYN" {
			src = west
		}
		for _, r := range Rows(&x.ev, src, x.rule) {
			if r.Table() == FlowTrace || !onlyTrace {
				rows = append(rows, r)
			}
		}
	}
	return append(rows, exampleFolds(onlyTrace)...)
}

// exampleFolds are rows that stand for several packets.
func exampleFolds(onlyTrace bool) []Row {
	var rows []Row
	for _, x := range examples() {
		fold := Fold{From: x.ev.Time.Add(-time.Second)}
		switch x.name {
		case "SYN allowed":
			fold.Count, fold.By = 1234567, BySource
		case "SYN denied by default":
			fold.Count, fold.By = 2, ByDestination
		case "INVALID with text":
			fold.Count, fold.By = 1234, ByKind
		default:
			continue
		}
		for _, r := range FoldedRows(&x.ev, hub, &x.rule, fold) {
			if r.Table() == FlowTrace || !onlyTrace {
				rows = append(rows, r)
			}
		}
	}
	return rows
}
