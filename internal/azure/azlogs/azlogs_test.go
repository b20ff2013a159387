package azlogs

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

var update = flag.Bool("update", false, "write what comes out to testdata")

// readFile returns the rows of a file as text, and what became of the file.
func readFile(t testing.TB, name string) (string, []*Row, *Report) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var text strings.Builder
	var rows []*Row
	report, err := Read(name, f, func(r *Row) {
		rows = append(rows, r)
		fmt.Fprintf(&text, "%s %s %s %d %s > %s flag=%q action=%d rule=%s/%s/%s/%s nat=%s\n", r.Time.Format("15:04:05.000"), r.Table, r.ResourceID[strings.LastIndexByte(r.ResourceID, '/')+1:],
			r.Protocol, r.Source, r.Dest, r.Flag, r.Action, r.Decision.Policy, r.Decision.Group, r.Decision.Collection, r.Decision.Rule, translated(r))
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String(), rows, report
}

func translated(r *Row) string {
	if !r.Translated.IsValid() {
		return "-"
	}
	return r.Translated.String()
}

// The same rows come out of every form of the same logs.
func TestForms(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]string{
		"storage.json": "JSON lines", "storage.json.gz": "JSON lines", "event-hub.json": "records of an event hub",
		"event-hub-pretty.json": "records of an event hub", "log-analytics-api.json": "an answer of Log Analytics",
		"az-monitor-query.json": "an array of rows", "portal.csv": "CSV", "azure-diagnostics.csv": "CSV",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, report := readFile(t, name)
			golden(t, "rows.txt", got)
			if report.Bad != 0 || report.Format != format || report.Used() != strings.Count(got, "\n") {
				t.Errorf("format %q, %d of %v rows used, problems:\n%v", report.Format, report.Used(), report.Rows, report.Problems)
			}
		})
	}
}

func TestSentencesOfTheOlderCategories(t *testing.T) {
	t.Parallel()
	got, _, report := readFile(t, "legacy.json")
	golden(t, "rows-legacy.txt", got)
	if report.Bad != 0 || report.Rows["AzureFirewallApplicationRule"] != 1 {
		t.Errorf("rows %v, problems:\n%v", report.Rows, report.Problems)
	}
}

// What is wrong is told with its place, and the rest is read.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"damaged.json", "cut-off.json"} {
		got, _, report := readFile(t, name)
		golden(t, strings.TrimSuffix(name, ".json")+".txt", fmt.Sprintf("%s%d bad rows\n%v\n", got, report.Bad, report.Problems))
	}
}

func TestFilesOfAnotherKind(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                 "x:1: the file is empty",
		"\n \n":                            "x:1: the file is empty",
		"Obj\x01\x04avro":                  "an Avro file",
		"a;b;c\n1;2;3\n":                   "the columns are not separated by commas",
		"a,b\n1,2\n":                       "there is no column SourceIp",
		"SourceIp,Flag\n1.2.3.4\n":         "the row has 1 values, and there are 2 columns",
		"SourceIp,Flag\n\"open\n":          "not CSV",
		"{\"records\": 5}":                 "an array is missing",
		"{\"tables\": [{\"rows\":[[1]]}]}": "the row does not have 0 values",
		"\x1f\x8b\x08":                     "gzip",
		"[1]":                              "not a row",
	} {
		report, err := Read("x", strings.NewReader(text), func(*Row) { t.Error("a row came out") })
		told := fmt.Sprint(err, report.Problems)
		if !strings.Contains(told, want) {
			t.Errorf("%q gives:\n%s\nwant %q", text, told, want)
		}
	}
}

func TestIncompleteGzip(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/storage.json")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Flush(); err != nil { // and no end
		t.Fatal(err)
	}
	n := 0
	report, err := Read("x", &b, func(*Row) { n++ })
	if err != nil || n == 0 || report.Bad != 1 || !strings.Contains(report.Problems.Error(), "damaged or incomplete") {
		t.Errorf("%d rows, %v, %v", n, report.Problems, err)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	report, err := Read("x", strings.NewReader("{}\n"+strings.Repeat("{\n", 1000)), func(*Row) {})
	if err != nil || report.Bad != 1000 || len(report.Problems) != mostProblems {
		t.Errorf("%d bad, %d told, %v", report.Bad, len(report.Problems), err)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// logOf makes the log of one firewall out of TCP rows, a millisecond apart.
func logOf(t *testing.T, rows ...*Row) *Log {
	t.Helper()
	for i, r := range rows {
		r.Protocol, r.ResourceID = flow.TCP, "/x/fw"
		r.Time = r.Time.Add(time.Duration(i) * time.Millisecond)
	}
	logs := Events(rows)
	if len(logs) != 1 || logs[0].Firewall != "fw" {
		t.Fatalf("logs %+v", logs)
	}
	return logs[0]
}

func at(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }

// Where the flow trace shows the SYN as well, it is one packet.
func TestSYNInBothLogs(t *testing.T) {
	t.Parallel()
	client, server := at("10.1.1.4:5000"), at("10.1.2.4:22")
	l := logOf(t, &Row{Table: NetworkRule, Source: client, Dest: server, Action: flow.Allow, Decision: flow.Decision{Action: flow.Allow, Rule: "r"}},
		&Row{Table: FlowTrace, Source: client, Dest: server, Flag: flow.SYN},
		&Row{Table: FlowTrace, Source: server, Dest: client, Flag: flow.SYNACK})
	if len(l.Events) != 2 || l.Events[0].Flag != flow.SYN || l.Decision(&l.Events[0]).Rule != "r" || l.Decision(&l.Events[1]) != (flow.Decision{}) {
		t.Errorf("events %+v", l.Events)
	}
	if !slices.Contains(l.Flags, flow.INVALID) || l.Traced.First.IsZero() {
		t.Errorf("flags %v, traced %v", l.Flags, l.Traced)
	}
}

// Azure's DNAT hides the client from the server; its rows are put together.
func TestDNATThatHidesTheClient(t *testing.T) {
	t.Parallel()
	client, public, server := at("198.51.100.7:40001"), at("20.1.2.3:2222"), at("10.1.2.4:22")
	hidden := at("10.1.0.5:40001")
	l := logOf(t, &Row{Table: NatRule, Source: client, Dest: public, Translated: server, Action: flow.Allow},
		&Row{Table: FlowTrace, Source: server, Dest: hidden, Flag: flow.SYNACK},
		&Row{Table: FlowTrace, Source: hidden, Dest: server, Flag: flow.FIN},
		&Row{Table: NetworkRule, Source: at("10.1.0.9:40001"), Dest: server, Action: flow.Allow},
		&Row{Table: FlowTrace, Source: server, Dest: at("10.1.0.9:40001"), Flag: flow.SYNACK})
	var got []string
	for _, e := range l.Events {
		got = append(got, fmt.Sprintf("%s %s > %s", e.Flag, e.Packet.Source, e.Packet.Dest))
	}
	want := []string{"SYN 198.51.100.7:40001 > 10.1.2.4:22", "SYN-ACK 10.1.2.4:22 > 198.51.100.7:40001", "FIN 198.51.100.7:40001 > 10.1.2.4:22",
		"SYN 10.1.0.9:40001 > 10.1.2.4:22", "SYN-ACK 10.1.2.4:22 > 10.1.0.9:40001"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if e := l.Events[0]; e.Connection.Dest != public {
		t.Errorf("the connection's own destination is %s", e.Connection.Dest)
	}
}

func TestSeveralFirewalls(t *testing.T) {
	t.Parallel()
	row := func(id string) *Row {
		return &Row{Table: FlowTrace, Protocol: flow.TCP, ResourceID: id, Source: at("10.1.1.4:1"), Dest: at("10.1.2.4:2"), Flag: flow.RST}
	}
	logs := Events([]*Row{row("/x/fw-b"), row("/x/fw-a"), row("/x/fw-b"), row("")})
	if len(logs) != 3 || logs[0].Firewall != "" || logs[1].Firewall != "fw-a" || len(logs[2].Events) != 2 {
		t.Errorf("logs %+v", logs)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"event-hub.json", "log-analytics-api.json", "portal.csv", "legacy.json", "damaged.json"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 1200)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var rows []*Row
		if _, err := Read("x", bytes.NewReader(data), func(r *Row) { rows = append(rows, r) }); err != nil {
			return
		}
		for _, l := range Events(rows) {
			for _, e := range l.Events {
				if !e.Packet.IsValid() || e.Time.IsZero() || int(e.Rule) > len(l.Decisions) {
					t.Errorf("event %+v", e)
				}
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile("testdata/storage.json")
	if err != nil {
		b.Fatal(err)
	}
	data = bytes.Repeat(data, 100)
	b.SetBytes(int64(len(data)))
	rows := 0
	for b.Loop() {
		if _, err := Read("x", bytes.NewReader(data), func(*Row) { rows++ }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
