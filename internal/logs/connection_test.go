package logs

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/flow"
)

// exampleConnections are rows as people will see them.
func exampleConnections() []flow.Connection {
	at := time.Date(2026, 9, 7, 9, 49, 5, 732_489_000, time.UTC)
	after := func(ms int) time.Time { return at.Add(time.Duration(ms) * time.Millisecond) }
	tuple := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.0.100.4:62877"), Dest: netip.MustParseAddrPort("10.0.200.4:3389")}
	six := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("[fd10:3:5:1::4]:62877"), Dest: netip.MustParseAddrPort("[2001:db8::1]:443")}
	allowed := flow.Decision{Action: flow.Allow, Policy: "fwpol-hub", Revision: "r7", Group: "rcg-spokes", Collection: "allow-admin", Rule: "rdp"}
	return []flow.Connection{
		{ID: "1f2e3d4c5b6a7988", Firewall: "fw-hub", Tuple: tuple, Update: 2, Told: after(121_000), First: at, Last: after(1000),
			SYN: at, SYNACK: after(12), ACK: after(15), FIN: after(990), FINACK: after(1000), History: "ShAFf.", Events: 5, SYNs: 1, SYNACKs: 1, ACKs: 1,
			FINs: [2]int{1, 1}, MSS: [2]uint16{1460, 1460}, TTL: [2]uint8{63, 62}, SYNTTL: [2]uint8{63, 63}, UnackedKnown: true,
			Counters: &flow.Counters{Packets: [2]uint64{12, 10}, Bytes: [2]uint64{1452, 90_400}}, Forgotten: after(121_000), End: flow.EndFIN,
			Decision: allowed, In: "eth0", Out: "eth1", Verdict: flow.Verdict{Outcome: flow.Completed, By: flow.Client, Certainty: flow.Certain}},
		{ID: "2f2e3d4c5b6a7988", Firewall: "fw-hub", Tuple: tuple, Update: 1, Told: after(1), First: at, Last: after(1), SYN: at, History: "SI", Events: 2, SYNs: 1, Invalids: 1,
			Invalid:  &flow.InvalidPacket{Time: after(1), TCPFlags: flow.BitACK, Reason: flow.InvalidState, Text: "packet (index 3) in dir 0 invalid, state SYN_SENT"},
			Decision: allowed, Verdict: flow.Verdict{Outcome: flow.ReplyBypasses, StuckAt: flow.StepSYNACK, Certainty: flow.Certain, Detail: "packet (index 3) in dir 0 invalid, state SYN_SENT"}},
		{Firewall: "fw-spoke-west", Tuple: tuple, Update: 1, Told: after(3000), First: at, Last: after(3000), SYN: at, History: "SS", Events: 3, SYNs: 3,
			Verdict: flow.Verdict{Outcome: flow.NoReply, StuckAt: flow.StepSYNACK, Certainty: flow.Likely, Doubts: []flow.Doubt{flow.StillOpen}}},
		{Firewall: "fw-hub", Tuple: six, Update: 1, Told: at, First: at, Last: at, SYN: at, History: "X", Events: 1, SYNs: 1, Denials: 1, End: flow.EndDenied,
			Decision: flow.Decision{Action: flow.Deny, Policy: "fwpol-hub", Revision: "r7"},
			Verdict:  flow.Verdict{Outcome: flow.Denied, StuckAt: flow.StepSYN, Certainty: flow.Certain}},
		{Firewall: "fw-hub", Tuple: tuple, Update: 1, Alike: 743, Told: at, First: at, Last: at, SYN: at, History: "Sr", Events: 1488, SYNs: 1, RSTs: [2]int{0, 1}, End: flow.EndRST,
			Decision: allowed, Verdict: flow.Verdict{Outcome: flow.Refused, StuckAt: flow.StepSYNACK, By: flow.Server, Certainty: flow.Certain}},
		{Firewall: "fw-hub", Tuple: tuple, Translated: flow.Tuple{Protocol: flow.TCP, Source: tuple.Source, Dest: netip.MustParseAddrPort("10.9.0.9:8080")},
			Update: 1, Told: after(3100), First: at, Last: after(3100), SYN: at, History: "SkSkSk", Events: 3, SYNs: 3,
			Drop:     &flow.Drop{Time: after(3100), Source: flow.DropKfreeSKB, Tuple: tuple.Reverse(), TCPFlags: flow.BitSYN | flow.BitACK, Reason: "IP_RPFILTER", ReasonNumber: 16, Interface: "eth1", Count: 3, TTL: 63, Length: 60},
			Decision: allowed, Verdict: flow.Verdict{Outcome: flow.DroppedByHost, StuckAt: flow.StepSYNACK, Certainty: flow.Certain, Detail: "IP_RPFILTER"}},
	}
}

func exampleConnectionRows() (rows []Row) {
	for _, c := range exampleConnections() {
		rows = append(rows, ConnectionRow(&c, hub))
	}
	return rows
}

func TestConnectionLines(t *testing.T) {
	t.Parallel()
	golden(t, "connections.jsonl", Subset{}.AppendLines(nil, exampleConnectionRows()))
}

func TestPrintConnections(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]struct {
		width  int
		colour bool
		opts   PrinterOptions
	}{
		"connections_80.txt":        {80, false, PrinterOptions{Connections: true}},
		"connections_120.txt":       {120, true, PrinterOptions{Connections: true, Firewalls: []string{"fw-hub", "fw-spoke-west"}}},
		"connections_unlimited.txt": {0, false, PrinterOptions{Connections: true}},
		"connections_in_trace.txt":  {120, false, PrinterOptions{}},
	} {
		var b bytes.Buffer
		printer := NewPrinter(&b, p.width, p.colour, p.opts)
		for _, r := range exampleConnectionRows() {
			if err := printer.Print(r); err != nil {
				t.Fatal(err)
			}
		}
		golden(t, name, b.Bytes())
	}
}

// anyConnection draws connections of every shape that a row can hold.
func anyZone() *rapid.Generator[uint16] { return rapid.SampledFrom([]uint16{0, 0, 0, 1, 65535}) }

func anyConnection() *rapid.Generator[flow.Connection] {
	s := rapid.String() // what is no UTF-8 does not survive JSON
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(1, 1<<33).Draw(t, "second"), 1000*rapid.Int64Range(0, 999_999).Draw(t, "microseconds")).UTC()
	})
	maybe := rapid.OneOf(moment, rapid.Just(time.Time{}))
	count := rapid.IntRange(0, 1<<30)
	pair := rapid.Custom(func(t *rapid.T) [2]int { return [2]int{count.Draw(t, "client"), count.Draw(t, "server")} })
	tuple := rapid.Custom(func(t *rapid.T) flow.Tuple {
		end := func(name string) netip.AddrPort {
			a, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, name))
			return netip.AddrPortFrom(a, rapid.Uint16().Draw(t, name))
		}
		return flow.Tuple{Protocol: flow.TCP, Source: end("source"), Dest: end("dest")}
	})
	return rapid.Custom(func(t *rapid.T) flow.Connection {
		c := flow.Connection{
			ID: s.Draw(t, "id"), Firewall: s.Draw(t, "firewall"), Tuple: tuple.Draw(t, "tuple"), Update: count.Draw(t, "update"), Told: moment.Draw(t, "told"),
			Alike: count.Draw(t, "alike"), First: maybe.Draw(t, "first"), Last: maybe.Draw(t, "last"), SYN: maybe.Draw(t, "syn"), SYNACK: maybe.Draw(t, "syn-ack"),
			ACK: maybe.Draw(t, "ack"), FIN: maybe.Draw(t, "fin"), FINACK: maybe.Draw(t, "fin-ack"), RST: maybe.Draw(t, "rst"), History: s.Draw(t, "history"),
			Events: count.Draw(t, "events"), SYNs: count.Draw(t, "syns"), SYNACKs: count.Draw(t, "syn-acks"), ACKs: count.Draw(t, "acks"),
			FINs: pair.Draw(t, "fins"), RSTs: pair.Draw(t, "rsts"), Retransmits: pair.Draw(t, "repeats"), Invalids: count.Draw(t, "invalids"),
			Denials: count.Draw(t, "denials"), ICMPErrors: count.Draw(t, "errors"), MSS: [2]uint16{rapid.Uint16().Draw(t, "mss"), 1460},
			TTL: [2]uint8{rapid.Byte().Draw(t, "ttl"), 0}, RSTTTL: rapid.Byte().Draw(t, "rst ttl"), SYNTTL: [2]uint8{1, rapid.Byte().Draw(t, "syn ttl")},
			RetransmitSize: rapid.Uint16().Draw(t, "size"), Zone: anyZone().Draw(t, "zone"), Forgotten: maybe.Draw(t, "forgotten"),
			Idle: time.Duration(count.Draw(t, "idle")) * time.Millisecond, Timeout: time.Duration(count.Draw(t, "timeout")) * time.Millisecond,
			End: flow.EndReason(s.Draw(t, "end")), In: s.Draw(t, "in"), Out: s.Draw(t, "out"),
			Verdict: flow.Verdict{Outcome: rapid.SampledFrom(flow.Outcomes()).Draw(t, "outcome"), StuckAt: flow.StepACK, By: flow.Middlebox,
				Certainty: flow.Likely, Detail: s.Draw(t, "detail")},
		}
		drawParts(t, &c, tuple, moment)
		return c
	})
}

// drawParts adds what only some connections have.
func drawParts(t *rapid.T, c *flow.Connection, tuple *rapid.Generator[flow.Tuple], moment *rapid.Generator[time.Time]) {
	s := rapid.String()
	has := func(what string) bool { return rapid.Bool().Draw(t, what) }
	if has("translated") {
		c.Translated = tuple.Draw(t, "translated tuple")
	}
	if has("doubts") {
		c.Verdict.Doubts = []flow.Doubt{flow.EventsLost, flow.MidStream}
	}
	if has("unacked") {
		c.UnackedKnown, c.Unacked = true, [2]uint32{rapid.Uint32().Draw(t, "unacked client"), 0}
	}
	if has("invalid") {
		c.Invalid = &flow.InvalidPacket{Time: moment.Draw(t, "invalid time"), Way: flow.Way(rapid.IntRange(0, 1).Draw(t, "way")),
			TCPFlags: flow.TCPFlags(rapid.Byte().Draw(t, "bits")), Reason: rapid.SampledFrom(flow.Reasons()).Draw(t, "reason"), Text: s.Draw(t, "text")}
	}
	if has("icmp") {
		c.ICMP = &flow.ICMPNote{Time: moment.Draw(t, "icmp time"), From: c.Tuple.Dest.Addr(), Text: s.Draw(t, "icmp text")}
	}
	if has("drop") {
		c.Drop = &flow.Drop{Time: moment.Draw(t, "drop time"), Source: flow.DropKfreeSKB, Tuple: tuple.Draw(t, "drop tuple"),
			TCPFlags: flow.TCPFlags(rapid.Byte().Draw(t, "drop bits")), Reason: s.Draw(t, "drop reason"), ReasonNumber: rapid.Uint32().Draw(t, "number"),
			Hook: s.Draw(t, "hook"), Interface: s.Draw(t, "interface"), Location: s.Draw(t, "location"), Count: uint64(rapid.Uint32().Draw(t, "drops")),
			TTL: rapid.Byte().Draw(t, "drop ttl"), Length: rapid.Uint32().Draw(t, "length")}
	}
	if has("counters") {
		c.Counters = &flow.Counters{Packets: [2]uint64{uint64(rapid.Uint32().Draw(t, "packets")), 1}, Bytes: [2]uint64{2, uint64(rapid.Uint32().Draw(t, "bytes"))}}
	}
	if has("decision") {
		c.Decision = flow.Decision{Action: flow.Deny, Policy: s.Draw(t, "policy"), Revision: s.Draw(t, "revision"), Group: s.Draw(t, "group"),
			Collection: s.Draw(t, "collection"), Rule: s.Draw(t, "rule")}
	}
}

// A connection comes back from its row, and from the row's JSON.
func TestParseConnectionGivesBackEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := anyConnection().Draw(t, "connection")
		row := ConnectionRow(&c, hub)
		record, err := ParseJSON(AppendJSON(nil, row, false))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []Entry{row, record} {
			got, err := ParseConnection(e)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c, got, cmpopts.EquateComparable(netip.AddrPort{}, netip.Addr{})); diff != "" {
				t.Fatalf("(-connection +parsed):\n%s", diff)
			}
		}
	})
}

func TestParseConnectionSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for properties, want := range map[string]string{
		`"Protocol":"UDP"`:   "column Protocol",
		`"SourceIp":"ten"`:   "column SourceIp",
		`"SourcePort":70000`: "column SourcePort",
		`"SynCount":-1`:      "column SynCount",
		`"Action":"Log"`:     "column Action",
		`"InvalidTime":"2026-09-07T09:49:05Z","InvalidTcpFlags":"SIN"`: "column InvalidTcpFlags",
		`"InvalidFrom":"somebody"`:                                     "column InvalidFrom",
	} {
		record, err := ParseJSON([]byte(`{"time":"2026-09-07T09:49:05Z","category":"Connection","properties":{` + properties + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseConnection(record); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", properties, err, want)
		}
	}
	other, err := ParseJSON([]byte(`{"time":"2026-09-07T09:49:05Z","category":"AZFWFlowTrace"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseConnection(other); err == nil {
		t.Error("a row of AZFWFlowTrace is no connection")
	}
}

func FuzzParseConnection(f *testing.F) {
	for line := range bytes.Lines(Subset{}.AppendLines(nil, exampleConnectionRows())) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		record, err := ParseJSON(line)
		if err != nil {
			return
		}
		c, err := ParseConnection(record)
		if err != nil {
			return
		}
		if _, err := ParseConnection(ConnectionRow(&c, hub)); err != nil {
			t.Errorf("its own row: %v", err)
		}
		if err := NewPrinter(&bytes.Buffer{}, 120, true, PrinterOptions{Connections: true}).Print(record); err != nil {
			t.Error(err)
		}
	})
}
