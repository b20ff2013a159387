package main

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/api/apitest"
	"github.com/sekisho/sekisho/internal/store/storetest"
)

var update = flag.Bool("update", false, "write what the clients understood to testdata; read what changed")

// TestClientsOfAWorkspace has real clients, as they come, ask a workspace that runs
// as `sekisho workspace` does and has taken a million rows of its firewalls.
func TestClientsOfAWorkspace(t *testing.T) {
	t.Parallel()
	cfg, address, end := runningWorkspace(t, "memory: 256MB")
	closeMillion(t, cfg.Spools[0])
	until(t, "1001000", func() string {
		out, err := command(t, "query", "--workspace", cfg.SocketPath(), "-o", "csv", "AZFWFlowTrace | count")
		if err != nil {
			t.Fatalf("query error:\n%+v", err)
		}
		return strings.TrimPrefix(strings.TrimSpace(out), "Count\n")
	})
	endpoint := "http://" + address
	t.Run("go", func(t *testing.T) {
		apitest.Compare(t, "go", exec.Command(apitest.Go(t, t.TempDir()), endpoint), "testdata/clients", *update)
	})
	t.Run("npm", func(t *testing.T) {
		node, script := apitest.NPM(t)
		apitest.Compare(t, "npm", exec.Command(node, script, endpoint), "testdata/clients", *update)
	})
	t.Run("grafana", func(t *testing.T) { askAsGrafana(t, endpoint) })
	end()
}

// closeMillion has one firewall close 20 segments of 50,000 rows, a second each, and
// another one of 1,000.
func closeMillion(t *testing.T, spool string) {
	t.Helper()
	const segments, rows = 20, 50_000
	begin := time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)
	a, b := storetest.NewFirewall("fw-a"), storetest.NewFirewall("fw-b")
	var work sync.WaitGroup
	for half := range 2 { // each makes rows while the other's are written
		work.Go(func() {
			for i := half; i < segments; i += 2 {
				if _, err := a.TryClose(spool, a.Trace(begin.Add(time.Duration(i)*time.Second), time.Second/rows, uint32(i*rows), rows)); err != nil {
					t.Errorf("close segment:\n%+v", err)
				}
			}
		})
	}
	work.Wait()
	b.Close(t, spool, b.Trace(begin.Add(10*time.Minute), time.Millisecond, 0, 1000))
}

// askAsGrafana sends what Grafana's plugin sends, and reads the answers as it does.
func askAsGrafana(t *testing.T, endpoint string) {
	for query, want := range map[string]apitest.PluginTable{
		"AZFWFlowTrace\n| where TimeGenerated >= datetime(2026-06-01T08:00:00Z) and TimeGenerated <= datetime(2026-06-01T09:00:00Z)\n" +
			"| summarize count() by bin(TimeGenerated, 300000ms)\n| order by TimeGenerated asc": {Columns: []string{"TimeGenerated", "count_"},
			Rows: [][]any{{"2026-06-01T08:00:00Z", int64(1_000_000)}, {"2026-06-01T08:10:00Z", int64(1000)}}},
		"AZFWFlowTrace | where Firewall == 'fw-a' and EventNumber == 7 | project Flag, Mss, nan=(Ttl - Ttl) / 0.0, eighth=todecimal(Ttl) / decimal(8), lasted=TimeGenerated - datetime(2026-06-01), list=pack_array(Flag, Ttl)": {
			Columns: []string{"Flag", "Mss", "nan", "eighth", "lasted", "list"}, Rows: [][]any{{"INVALID", nil, "NaN", 7.875, "08:00:00.0001200", `["INVALID",63]`}}},
		"AZFWFlowTrace | where Flagg == 'SYN'": {Error: "Semantic error: SEM0100: 1:23: 'Flagg' is not a column or variable here (did you mean Flag?)"},
	} {
		body, err := json.Marshal(map[string]any{"db": "hub", "csl": query, "properties": map[string]any{"options": map[string]any{
			"queryconsistency": "strongconsistency", "query_results_cache_max_age": "00:01:00", "servertimeout": "00:00:30"}}})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post(endpoint+"/v1/rest/query", "application/json", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		got, err := apitest.ReadAsPlugin(resp.StatusCode, text)
		if err != nil {
			t.Errorf("%s: %v", query, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}
