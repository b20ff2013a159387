package metrics

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
)

var update = flag.Bool("update", false, "write the expected samples anew")

// full is a snapshot in which nothing is absent.
var full = Snapshot{
	Started: time.UnixMilli(1_750_000_000_250),
	Policy:  &Policy{Name: "east-west", Revision: "0123456789ab", Rules: 12, Generation: 3},
	Capture: capture.Stats{
		Recorded: map[flow.Flag]uint64{flow.FlagNone: 5, flow.SYN: 1000, flow.SYNACK: 990, flow.INVALID: 0},
		Lost:     map[flow.Flag]uint64{flow.SYN: 7, flow.INVALID: 70},
		Read:     1995, Missing: 77, ReasonOverruns: 2, Listening: true, Ignored: 4,
	},
	Losses:      map[string]uint64{"ring": 77, "file": 0, "nflog": 2},
	Rings:       []Ring{{"events", 4096, 16 << 20}, {"refused", 0, 4 << 20}},
	Programs:    []Program{{"record4", 2_000_000, 190 * time.Millisecond}, {"record6", 3, 900}},
	Lag:         12 * time.Millisecond,
	Yielding:    &Yielding{Now: true, Ended: 3},
	Connections: 321,
	Connection: Connections{Open: 300, Rows: 60, Corrected: 9, Folded: 5, Evicted: 1, Ends: 44,
		Outcomes: map[flow.Outcome]uint64{flow.Completed: 40, flow.ReplyBypasses: 2}},
	Conntrack: &Conntrack{Entries: 400, Max: 262144},
	Tables:    []Table{{"AZFWFlowTrace", 1990, 0}, {"AZFWNetworkRule", 1000, 1}},
	Spool:     &Spool{Segments: 88, Waiting: 3, Bytes: 4096, Bound: 1 << 20, Lost: map[string]uint64{"spool": 5, "segment": 6}, Failing: true},
	Stream:    Stream{Followers: 2, Missed: 9},
}

func of(s Snapshot) Source {
	return Source{Firewall: "lab-fw-a", Version: "1.2.3", Read: func() (Snapshot, error) { return s, nil }}
}

// scrape asks as Prometheus does and returns the text.
func scrape(t *testing.T, source Source) (int, []byte) {
	t.Helper()
	server := httptest.NewServer(Handler(source))
	defer server.Close()
	resp, err := http.Get(server.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

func parse(t *testing.T, text []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return families
}

// samples renders the samples of our families, one a line, in order.
func samples(parsed map[string]*dto.MetricFamily) string {
	var b strings.Builder
	for _, f := range families() {
		var lines []string
		for _, m := range parsed[f.name].GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			value := m.GetGauge().GetValue() + m.GetCounter().GetValue()
			lines = append(lines, fmt.Sprintf("%s{%s} %v\n", f.name, strings.Join(labels, ","), value))
		}
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, ""))
	}
	return b.String()
}

func TestAScrapeTellsEverythingOfTheSnapshot(t *testing.T) {
	t.Parallel()
	code, text := scrape(t, of(full))
	parsed := parse(t, text)
	if code != http.StatusOK {
		t.Fatalf("code %d:\n%s", code, text)
	}
	got := strings.ReplaceAll(samples(parsed), readBuild("").goVersion, "go1.x")
	if *update {
		if err := os.WriteFile("testdata/samples.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/samples.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	for _, f := range families() {
		p := parsed[f.name]
		if kind := strings.ToLower(p.GetType().String()); p.GetHelp() != f.help || kind != f.kindName() {
			t.Errorf("%s is sent as %s: %q", f.name, kind, p.GetHelp())
		}
	}
}

func TestEverySampleNamesItsFirewall(t *testing.T) {
	t.Parallel()
	_, text := scrape(t, of(full))
	parsed := parse(t, text)
	for _, name := range []string{"go_goroutines", "process_start_time_seconds"} {
		if parsed[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	for name, f := range parsed {
		for _, m := range f.GetMetric() {
			if !slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool {
				return l.GetName() == "firewall" && l.GetValue() == "lab-fw-a"
			}) {
				t.Errorf("%s without the firewall: %v", name, m)
			}
		}
	}
}

func TestPrometheusFindsNothingToCriticize(t *testing.T) {
	t.Parallel()
	_, text := scrape(t, of(full))
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// What a firewall cannot know has no samples.
func TestAbsentIsNotZero(t *testing.T) {
	t.Parallel()
	little := full
	little.Policy, little.Programs, little.Conntrack, little.Tables = nil, nil, nil, nil
	_, text := scrape(t, of(little))
	parsed := parse(t, text)
	var absent []string
	for _, f := range families() {
		if parsed[f.name] == nil {
			absent = append(absent, f.name)
		}
	}
	want := []string{"sekisho_rows_written_total", "sekisho_row_write_errors_total", "sekisho_conntrack_entries",
		"sekisho_conntrack_entries_limit", "sekisho_bpf_run_seconds_total", "sekisho_bpf_runs_total",
		"sekisho_policy_info", "sekisho_policy_rules", "sekisho_policy_generation"}
	if diff := cmp.Diff(want, absent); diff != "" {
		t.Errorf("absent (-want +got):\n%s", diff)
	}
}

func TestAFirewallThatCannotBeReadFailsTheScrape(t *testing.T) {
	t.Parallel()
	broken := Source{Firewall: "fw-a", Read: func() (Snapshot, error) { return Snapshot{}, errors.New("out of order") }}
	if code, text := scrape(t, broken); code != http.StatusInternalServerError || !strings.Contains(string(text), "out of order") {
		t.Errorf("code %d:\n%s", code, text)
	}
}

func TestNothingIsReadBetweenScrapes(t *testing.T) {
	t.Parallel()
	reads := 0
	handler := Handler(Source{Firewall: "fw-a", Read: func() (Snapshot, error) { reads++; return full, nil }})
	for want := range 3 {
		if reads != want {
			t.Fatalf("%d reads before scrape %d", reads, want+1)
		}
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	}
}

func BenchmarkScrape(b *testing.B) {
	handler := Handler(of(full))
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
	}
}
