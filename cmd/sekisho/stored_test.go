package main

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// lastTuesday is when the stored rows of these tests were recorded.
var lastTuesday = time.Date(2026, 11, 24, 9, 17, 0, 0, time.UTC)

// storedFolder is a workspace's folder with the rows of two firewalls, which saw
// an attempt that nobody answered, and with the network's topology.
func storedFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	w, err := workspace.Open(t.Context(), workspace.Config{Name: "hub", Folder: folder}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	defer w.Close()
	topology, err := os.ReadFile("../../topologies/spoke-hub-spoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Deliver(t.Context(), workspace.Delivery{Kind: "topology",
		Revision: logs.Revision{Time: lastTuesday.Add(-time.Hour), Revision: "t1", Text: string(topology)}}); err != nil {
		t.Fatalf("Deliver() error:\n%+v", err)
	}
	spool := t.TempDir()
	a, b := storetest.NewFirewall("fw-a"), storetest.NewFirewall("fw-b")
	client, server := netip.MustParseAddrPort("10.1.1.4:40000"), netip.MustParseAddrPort("10.2.1.4:22")
	a.Close(t, spool, []logs.Row{a.Connection(lastTuesday, client, server, flow.NoReply)})
	a.Close(t, spool, a.Trace(lastTuesday, time.Second, 0, 30))
	b.Close(t, spool, b.Trace(lastTuesday.Add(time.Hour), time.Second, 0, 10))
	a.Close(t, spool, a.Others(lastTuesday)[:1])
	for _, file := range storetest.Files(t, spool) {
		takeInto(t, w, file)
	}
	return folder
}

// takeInto has the workspace take a segment, as if it came from a spool.
func takeInto(t *testing.T, w *workspace.Workspace, file string) {
	t.Helper()
	if _, fresh, err := w.Take(t.Context(), file); err != nil || !fresh {
		t.Fatalf("Take() gave fresh %v, error:\n%+v", fresh, err)
	}
}

// command runs a command and gives what it wrote.
func command(t *testing.T, args ...string) (string, error) {
	t.Helper()
	root := newRoot()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestStoredRowsAreAsked(t *testing.T) {
	t.Parallel()
	folder := storedFolder(t)
	file := filepath.Join(t.TempDir(), "q.kql")
	if err := os.WriteFile(file, []byte("AZFWFlowTrace\n| count"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"query", "count_\n40\n", []string{"query", "-o", "csv", "AZFWFlowTrace | summarize count()"}},
		{"a file", "Count\n40\n", []string{"query", "-o", "csv", "-f", file}},
		{"one firewall", "Count\n1\n", []string{"query", "-o", "csv", "--firewall", "fw-a", "Connection | count"}},
		{"since and until", "Count\n10\n", []string{"query", "-o", "csv", "--since", "2026-11-24T09:17:20Z", "--until", "2026-11-24T09:17:30Z", "AZFWFlowTrace | count"}},
		{"connections", `"SourceIp":"10.1.1.4"`, []string{"connections", "-o", "jsonl", "--since", "2026-11-24T00:00:00Z", "host", "10.2.1.4"}},
		{"connections of others", "[]\n", []string{"connections", "-o", "json", "--since", "2026-11-24T00:00:00Z", "host", "10.9.9.9"}},
		{"tables", "AZFWFlowTrace", []string{"tables"}},
		{"tables as JSON", `"rows": 40`, []string{"tables", "-o", "json"}},
		{"a price", `"costAMonth": 0.0`, []string{"tables", "-o", "json", "--price", "0.01"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := command(t, append(c.args, "--folder", folder)...)
			if err != nil {
				t.Fatalf("%v: error:\n%+v", c.args, err)
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("%v wrote:\n%s\nwant:\n%s", c.args, got, c.want)
			}
		})
	}
}

func TestStoredTrace(t *testing.T) {
	t.Parallel()
	folder := storedFolder(t)
	got, err := command(t, "trace", "--folder", folder, "--since", "2026-11-24T09:17:05Z", "-o", "jsonl", "flag", "syn", "firewall", "fw-a")
	if err != nil {
		t.Fatalf("trace error:\n%+v", err)
	}
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != 4 || !strings.Contains(lines[0], `"time":"2026-11-24T09:17:07.0000000Z"`) {
		t.Errorf("trace wrote %d lines:\n%s", len(lines), got)
	}
}

// A running firewall is called by its id, and the same word must find its stored
// rows: trace --since prints both.
func TestStoredRowsOfAFirewall(t *testing.T) {
	t.Parallel()
	folder := storedFolder(t)
	for name, want := range map[string]int{"fw-a": 30, "lab-fw-a": 30, "lab-fw-b": 10, "fw-a,lab-fw-b": 40, "ab-fw-a": -1, "fw": -1} {
		got, err := command(t, "trace", "--folder", folder, "--since", "2026-11-24", "-o", "jsonl", "--table", "AZFWFlowTrace", "firewall", name)
		if want < 0 {
			if exitCode(err) != exitUsage || !strings.Contains(err.Error(), "no rows of a firewall called") {
				t.Errorf("firewall %s: error %v", name, err)
			}
			continue
		}
		if lines := strings.Count(got, "\n"); err != nil || lines != want {
			t.Errorf("firewall %s: %d rows, error %v; want %d", name, lines, err, want)
		}
	}
	if got, err := command(t, "query", "--folder", folder, "--firewall", "lab-fw-a", "-o", "csv", "AZFWFlowTrace | count"); err != nil || got != "Count\n30\n" {
		t.Errorf("query --firewall lab-fw-a gave %q, error %v", got, err)
	}
}

func TestTheNewestStoredRows(t *testing.T) {
	t.Parallel()
	folder := storedFolder(t)
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"-n", "3"}, 3},
		{[]string{"-n", "3", "--since", "2026-11-24"}, 3},
		{[]string{"-n", "-1"}, 40},
		{nil, 40}, // fewer than the default
		{[]string{"--since", "2026-11-24"}, 40},
	} {
		got, err := command(t, append([]string{"trace", "--folder", folder, "-o", "jsonl", "--table", "AZFWFlowTrace"}, c.args...)...)
		if err != nil {
			t.Fatalf("trace %v error:\n%+v", c.args, err)
		}
		if lines := strings.Count(got, "\n"); lines != c.want || !strings.Contains(got, `"time":"2026-11-24T10:17:09.0000000Z"`) {
			t.Errorf("trace %v wrote %d rows, want %d with the newest:\n%s", c.args, lines, c.want, got)
		}
	}
	if _, err := command(t, "trace", "-f", "--folder", folder); exitCode(err) != exitUsage {
		t.Errorf("trace -f --folder without --since: error %v, want one of usage", err)
	}
}

// TestDiagnosisOfLastTuesday names machines of the topology that was delivered.
func TestDiagnosisOfLastTuesday(t *testing.T) {
	t.Parallel()
	folder := storedFolder(t)
	got, err := command(t, "diagnose", "10.1.1.4", "10.2.1.4:22", "--at", "2026-11-24T09:17:02Z", "--folder", folder, "-o", "json", "--lang", "en")
	if exitCode(err) != exitFailure {
		t.Fatalf("diagnose error:\n%+v", err)
	}
	for _, want := range []string{`"healthy": false`, `"fw-a"`, `"2026-11-24T09:17:00Z"`, `"stuckAt": "SYN-ACK"`} {
		if !strings.Contains(got, want) {
			t.Errorf("the verdict lacks %s:\n%s", want, got)
		}
	}
}

// What was not recorded is not absent: who reads back knows of it, however long
// ago the settings were changed.
func TestWhatWasNotRecordedIsReadBack(t *testing.T) {
	t.Parallel()
	w, err := workspace.Open(t.Context(), workspace.Config{Name: "hub", Folder: storedFolder(t)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	defer w.Close()
	changed := lastTuesday.Add(-20 * 24 * time.Hour)
	spool := t.TempDir()
	storetest.NewFirewall("fw-b").Close(t, spool, []logs.Row{logs.StateRow(logs.State{Time: changed, State: logs.RecordedInPart},
		&logs.Source{Firewall: "fw-b", ResourceID: logs.DefaultResourceID("", "fw-b")})})
	for _, file := range storetest.Files(t, spool) {
		takeInto(t, w, file)
	}
	rows, err := workspace.Evidence(t.Context(), w, diagnose.Question{Source: netip.MustParseAddrPort("10.1.1.4:40000"),
		Destination: netip.MustParseAddrPort("10.2.1.4:22"), At: lastTuesday})
	if err != nil {
		t.Fatalf("Evidence() error:\n%+v", err)
	}
	for _, watch := range rows.Watches {
		if watch.Firewall == "fw-b" && len(watch.Gaps) == 1 && watch.Gaps[0].From.Equal(changed) && watch.Gaps[0].To.IsZero() {
			return
		}
	}
	t.Errorf("Evidence() gave no gap: %+v", rows.Watches)
}

// That what the host drops was not watched, or that rules were gone, is known from stored rows too, however
// long ago the process started, or how much later it was told.
func TestDropsThatWereOffAreReadBack(t *testing.T) {
	t.Parallel()
	w, err := workspace.Open(t.Context(), workspace.Config{Name: "hub", Folder: storedFolder(t)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	defer w.Close()
	began := lastTuesday.Add(-20 * 24 * time.Hour)
	q := diagnose.Question{Source: netip.MustParseAddrPort("10.1.1.4:40000"), Destination: netip.MustParseAddrPort("10.2.1.4:22"), At: lastTuesday}
	for _, tt := range []struct {
		firewall string
		states   []logs.State
		doubt    flow.Doubt
	}{
		{"fw-c", []logs.State{{Time: began, State: logs.RecordingStarted}, {Time: began.Add(time.Second), State: logs.DropsOff}, {Time: began.Add(2 * time.Second), State: logs.RecordedExcept}}, flow.CannotSee},
		{"fw-d", []logs.State{{Time: lastTuesday.Add(24 * time.Hour), State: logs.DropsOff, From: lastTuesday.Add(-time.Minute), To: lastTuesday.Add(24 * time.Hour)}}, flow.CannotSee},
		{"fw-e", []logs.State{{Time: lastTuesday.Add(24 * time.Hour), State: logs.RulesetTampered, From: lastTuesday.Add(-time.Minute), To: lastTuesday.Add(24 * time.Hour)}}, flow.NotRecorded},
		{"fw-f", []logs.State{{Time: lastTuesday.Add(24 * time.Hour), State: logs.RulesetTampered, To: lastTuesday.Add(24 * time.Hour)}}, flow.NotRecorded},
	} {
		source := &logs.Source{Firewall: tt.firewall, ResourceID: logs.DefaultResourceID("", tt.firewall)}
		syn := flow.Event{Time: lastTuesday, Flag: flow.SYN, Packet: flow.Tuple{Protocol: flow.TCP, Source: q.Source, Dest: q.Destination}, TCPFlags: flow.BitSYN, Seq: 1000}
		syn.Connection, syn.Direction, syn.Action = syn.Packet, flow.Original, flow.Allow
		rows := logs.FoldedRows(&syn, source, &logs.Rule{}, logs.Fold{Count: 1})
		for _, s := range tt.states {
			rows = append(rows, logs.StateRow(s, source))
		}
		spool, c := t.TempDir(), storetest.NewFirewall(tt.firewall)
		for _, table := range []*logs.Table{logs.FlowTrace, logs.CaptureState} {
			c.Close(t, spool, slices.DeleteFunc(slices.Clone(rows), func(r logs.Row) bool { return r.Table() != table }))
		}
		for _, file := range storetest.Files(t, spool) {
			takeInto(t, w, file)
		}
		got, err := workspace.Evidence(t.Context(), w, q)
		if err != nil {
			t.Fatalf("Evidence() error:\n%+v", err)
		}
		if !slices.ContainsFunc(got.Connections, func(told flow.Connection) bool {
			return told.Firewall == tt.firewall && slices.Contains(told.Verdict.Doubts, tt.doubt)
		}) {
			t.Errorf("nothing of %s has the doubt %s: %+v", tt.firewall, tt.doubt, got.Connections)
		}
	}
}

// TestQueriesWithoutTables need no workspace: whether none runs or several, they
// are answered.
func TestQueriesWithoutTables(t *testing.T) {
	t.Parallel()
	several := usagef("which workspace? Say --workspace with one of: a b")
	for _, c := range []struct{ query, want, wantError string }{
		{"print x = 1", "x\n1\n", ""},
		{"range x from 1 to 2 step 1 | count", "Count\n2\n", ""},
		{"AZFWFlowTrace | count", "", "which workspace?"},
		{"let n = AZFWFlowTrace | count; print x = toscalar(n)", "", "which workspace?"},
		{"print x = nothing()", "", "'nothing' is not a function"},
		{"AZFWFlowTrace | where2", "", "'where2' is not an operator"},
	} {
		answer, err := unnamed{why: several}.Query(t.Context(), store.Query{Text: c.query})
		if c.wantError != "" {
			if err == nil || !strings.Contains(err.Error(), c.wantError) {
				t.Errorf("%s: error:\n%v\nwant:\n%s", c.query, err, c.wantError)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: error:\n%+v", c.query, err)
			continue
		}
		var out bytes.Buffer
		if err := result.Write(&out, "csv", answer.Rows); err != nil || out.String() != c.want {
			t.Errorf("%s: %q, %v; want %q", c.query, out.String(), err, c.want)
		}
	}
}
