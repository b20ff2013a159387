package logs

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/flow"
)

func TestJSONLines(t *testing.T) {
	t.Parallel()
	golden(t, "rows.jsonl", Subset{}.AppendLines(nil, exampleRows(false)))
}

func TestJSONLinesOfAzuresSubset(t *testing.T) {
	t.Parallel()
	got := Subset{AzureOnly: true}.AppendLines(nil, exampleRows(false))
	golden(t, "rows_azure.jsonl", got)
	for _, flag := range []string{"SYN", "ACK", "DENIED"} {
		if bytes.Contains(got, []byte(`"Flag":"`+flag+`"`)) {
			t.Errorf("a row of flag %s was kept", flag)
		}
	}
}

func TestStringsAreJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anyString().Draw(t, "s")
		var got string
		if err := json.Unmarshal(appendString(nil, s), &got); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := string([]rune(s)); got != want {
			t.Fatalf("%q came back as %q", want, got)
		}
	})
}

// anyString draws strings of all characters and of bytes that are no UTF-8.
func anyString() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
}

func anyEvent() *rapid.Generator[*flow.Event] {
	return rapid.Custom(func(t *rapid.T) *flow.Event {
		endpoint := rapid.Custom(func(t *rapid.T) netip.AddrPort {
			size := rapid.SampledFrom([]int{0, 4, 16}).Draw(t, "size")
			addr, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "address"))
			return netip.AddrPortFrom(addr, rapid.Uint16().Draw(t, "port"))
		})
		return &flow.Event{
			Number: flow.Number{Boot: anyString().Draw(t, "boot"), CPU: rapid.Uint16().Draw(t, "cpu"),
				Seq: uint64(rapid.Int64Min(0).Draw(t, "number"))},
			Time: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")),
			Packet: flow.Tuple{Protocol: rapid.SampledFrom([]flow.Protocol{1, 6, 17, 58}).Draw(t, "protocol"),
				Source: endpoint.Draw(t, "source"), Dest: endpoint.Draw(t, "dest")},
			Direction: flow.Direction(rapid.IntRange(0, 2).Draw(t, "direction")),
			Flag:      rapid.SampledFrom(append(flow.Flags(), flow.FlagNone)).Draw(t, "flag"),
			TCPFlags:  flow.TCPFlags(rapid.Byte().Draw(t, "bits")), State: flow.TCPState(rapid.IntRange(0, 12).Draw(t, "state")),
			Seq: rapid.Uint32().Draw(t, "seq"), Ack: rapid.Uint32().Draw(t, "ack"), Window: rapid.Uint16().Draw(t, "window"),
			MSS: rapid.Uint16().Draw(t, "mss"), TTL: rapid.Byte().Draw(t, "ttl"), IPID: rapid.Uint16().Draw(t, "id"),
			OriginalStream: flow.Stream{Known: rapid.Bool().Draw(t, "known"), Unacked: rapid.Uint32().Draw(t, "unacked")},
			Payload:        rapid.Uint16().Draw(t, "payload"), In: anyString().Draw(t, "in"), Out: anyString().Draw(t, "out"),
			Action: flow.Action(rapid.IntRange(0, 2).Draw(t, "action")), Rule: rapid.Uint32().Draw(t, "rule"),
			Reason:     flow.Reason(rapid.SampledFrom(append(flow.Reasons(), flow.NoReason)).Draw(t, "reason")),
			ReasonText: anyString().Draw(t, "text"), ConnectionID: anyString().Draw(t, "connection"), Zone: anyZone().Draw(t, "zone"),
		}
	})
}

func anyRows(t *rapid.T) []Row {
	s := anyString()
	src := &Source{s.Draw(t, "firewall"), s.Draw(t, "resource"), s.Draw(t, "subscription"), s.Draw(t, "tenant"), false}
	rule := Rule{s.Draw(t, "policy"), s.Draw(t, "revision"), s.Draw(t, "group"), s.Draw(t, "collection"), s.Draw(t, "rule name")}
	fold := Fold{Count: uint64(rapid.Int64Min(0).Draw(t, "count")), From: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "from"), 0),
		By: rapid.SampledFrom([]FoldedBy{BySource, ByDestination, ByKind}).Draw(t, "by")}
	return FoldedRows(anyEvent().Draw(t, "event"), src, &rule, fold)
}

// carried is what the row's value is after a JSON line carried it.
func carried(r Row, i int, azureOnly bool) any {
	switch c := r.table.Columns[i]; {
	case c.Name == "TimeGenerated" || c.Name == "_ResourceId" || c.Name == "Type":
	case c.envelope || azureOnly && c.Origin != Azure:
		return nil
	}
	if s, ok := r.Value(i).(string); ok {
		return string([]rune(s))
	}
	return r.Value(i)
}

func TestParseGivesBackEveryValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		azureOnly := rapid.Bool().Draw(t, "azureOnly")
		for _, r := range anyRows(t) {
			line := AppendJSON(nil, r, azureOnly)
			rec, err := ParseJSON(line)
			if err != nil {
				t.Fatalf("ParseJSON(%s): %v", line, err)
			}
			if rec.Table() != r.Table() || !rec.Time().Equal(r.Time()) {
				t.Fatalf("table %s at %s came back as %s at %s", r.Table().Name, r.Time(), rec.Table().Name, rec.Time())
			}
			for i, c := range r.Table().Columns {
				if diff := cmp.Diff(carried(r, i, azureOnly), rec.Value(i)); diff != "" {
					t.Fatalf("%s (-row +record):\n%s", c.Name, diff)
				}
			}
		}
	})
}

func TestParseJSONTakesAzuresForms(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"2026-09-07T09:49:05.732489+00:00", "2026-09-07T09:49:05.7324890Z", "2026-09-07T11:49:05.732489+02:00"} {
		rec, err := ParseJSON([]byte(`{"time":"` + at + `","category":"AZFWFlowTrace","operationName":"x",
			"properties":{"Flag":"RST","SourcePort":null,"Later":{"a":1}}}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := rec.Time().Format(timeFormat); got != "2026-09-07T09:49:05.7324890Z" {
			t.Errorf("%s was read as %s", at, got)
		}
		if rec.Get("Flag") != "RST" || rec.Get("SourcePort") != nil || rec.Get("_ResourceId") != nil || rec.Get("Later") != nil {
			t.Errorf("values: %v", rec.values)
		}
	}
}

func TestParseJSONSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{`: "unexpected end of JSON input",
		`{"time":"2026-09-07T09:49:05Z","category":"AzureFirewallDnsProxy"}`:                                  `no table has the category "AzureFirewallDnsProxy"`,
		`{"time":"yesterday","category":"AZFWFlowTrace"}`:                                                     "time: ",
		`{"time":"2026-09-07T09:49:05Z","category":"AZFWFlowTrace","properties":{"SourcePort":"22"}}`:         "property SourcePort: ",
		`{"time":"2026-09-07T09:49:05Z","category":"AZFWFlowTrace","properties":{"SourcePort":3000000000}}`:   "property SourcePort: ",
		`{"time":"2026-09-07T09:49:05Z","category":"AZFWNetworkRule","properties":{"SequenceNumber":1.5}}`:    "property SequenceNumber: ",
		`{"time":"2026-09-07T09:49:05Z","category":"AZFWNetworkRule","properties":{"Action":{"Allow":true}}}`: "property Action: ",
	} {
		if _, err := ParseJSON([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", line, err, want)
		}
	}
}

func TestParseValueOfEachType(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 7, 9, 49, 5, 1000, time.UTC)
	for _, c := range []struct {
		t    Type
		raw  string
		want any
	}{
		{String, `"a"`, "a"}, {Int, "-5", int32(-5)}, {Long, "4294967296", int64(1 << 32)}, {Real, "1.5", 1.5},
		{Bool, "true", true}, {DateTime, `"2026-09-07T09:49:05.0000019Z"`, at}, {DateTime, "null", nil},
	} {
		got, err := parseValue(c.t, json.RawMessage(c.raw))
		if err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("parseValue(%s, %s) = %v, %v", c.t, c.raw, got, err)
		}
	}
	if _, err := parseValue("guid", json.RawMessage(`"a"`)); err == nil {
		t.Error("a column of type guid was read")
	}
}

// goType is the Go type of each column type, as an example value.
var goType = map[Type]any{String: "", Int: int32(0), Long: int64(0), Real: 0.0, Bool: false, DateTime: time.Time{}}

func FuzzParseJSON(f *testing.F) {
	for line := range bytes.Lines(Subset{}.AppendLines(nil, exampleRows(false))) {
		f.Add(line)
	}
	f.Add([]byte(`{"time":"2026-09-07T09:49:05Z","category":"AZFWFlowTrace","properties":null}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		rec, err := ParseJSON(line)
		if err != nil {
			return
		}
		for i, c := range rec.Table().Columns {
			if v := rec.Value(i); v != nil && !sameType(v, goType[c.Type]) {
				t.Errorf("%s of type %s is a %T", c.Name, c.Type, v)
			}
		}
		if err := NewPrinter(&bytes.Buffer{}, 80, true, PrinterOptions{}).Print(rec); err != nil {
			t.Error(err)
		}
	})
}
