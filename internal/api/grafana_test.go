package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/api"
	"github.com/sekisho/sekisho/internal/api/apitest"
)

// TestGrafanaRequests sends what the plugin sends, as its source has it: the test
// of a data source, the editors' questions, and queries.
func TestGrafanaRequests(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	data, err := os.ReadFile("testdata/grafana/requests.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		var c struct {
			Name, Path string
			Headers    map[string]string
			Body       json.RawMessage
			Status     int
			Want       apitest.PluginTable
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		r := unixRequest("POST", c.Path, bytes.NewReader(c.Body))
		for k, v := range c.Headers {
			r.Header.Set(k, v)
		}
		w := asked(h, r)
		got, err := apitest.ReadAsPlugin(w.Code, w.Body.Bytes())
		if err != nil || w.Code != c.Status {
			t.Errorf("%s: status %d, want %d, error %v\n%s", c.Name, w.Code, c.Status, err, w.Body)
			continue
		}
		if c.Want.Rows == nil {
			got.Rows = nil // told by the tests of the commands
		}
		if diff := cmp.Diff(asJSON(t, c.Want), asJSON(t, got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.Name, diff)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	out, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// dashboard is what Grafana reads of a dashboard, as far as it concerns us.
type dashboard struct {
	Panels []struct {
		Title   string
		Targets []struct {
			Query, Database, ResultFormat string
			Datasource                    struct{ Type, UID string }
		}
	}
}

// expand puts a range of time into a query as the plugin's macros do.
func expand(query, from, to, interval string) string {
	filter := regexp.MustCompile(`\$__timeFilter\((\w+)\)`)
	query = filter.ReplaceAllString(query, "${1} >= datetime("+from+") and ${1} <= datetime("+to+")")
	return strings.ReplaceAll(query, "$__timeInterval", interval)
}

// TestDashboard runs the query of each panel, and compares its rows.
func TestDashboard(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	var d dashboard
	data, err := os.ReadFile("../../docs/grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatalf("read dashboard: %v", err)
	}
	got := map[string]any{}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			if target.Datasource.UID != "sekisho" {
				t.Errorf("%s asks the data source %q", p.Title, target.Datasource.UID)
			}
			got[p.Title] = panel(t, h, target.Database, expand(target.Query, "2026-06-01T08:00:00Z", "2026-06-01T09:00:00Z", "900000ms"), target.ResultFormat)
		}
	}
	file := "testdata/grafana/panels.json"
	if *update {
		if err := os.WriteFile(file, []byte(asJSON(t, got)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), asJSON(t, got)+"\n"); diff != "" {
		t.Errorf("panels (-want +got):\n%s", diff)
	}
}

// panel runs a panel's query. A time series needs a time, in ascending order, and
// numbers.
func panel(t *testing.T, h http.Handler, db, query, format string) apitest.PluginTable {
	t.Helper()
	body, err := json.Marshal(map[string]any{"db": db, "csl": query})
	if err != nil {
		t.Fatal(err)
	}
	w := asked(h, unixRequest("POST", "/v1/rest/query", bytes.NewReader(body)))
	table, err := apitest.ReadAsPlugin(w.Code, w.Body.Bytes())
	if err != nil || table.Error != "" || len(table.Rows) == 0 {
		t.Fatalf("the query\n%s\ngives %d rows, %s %v", query, len(table.Rows), table.Error, err)
	}
	if format == "time_series" {
		last := ""
		for _, row := range table.Rows {
			at, ok := row[0].(string)
			if !ok || at < last {
				t.Errorf("the query\n%s\ngives %v after %s", query, row[0], last)
			}
			last = at
		}
	}
	return table
}

// TestProvisioning compares the data source with what the dashboard asks for.
func TestProvisioning(t *testing.T) {
	t.Parallel()
	var source struct {
		Datasources []struct {
			UID, Type string
			JSONData  struct {
				ClusterURL       string `yaml:"clusterUrl"`
				AzureCredentials struct {
					AuthType string `yaml:"authType"`
				} `yaml:"azureCredentials"`
			} `yaml:"jsonData"`
		}
	}
	data, err := os.ReadFile("../../docs/grafana/datasource.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &source); err != nil {
		t.Fatalf("read data source: %v", err)
	}
	s := source.Datasources[0]
	if s.UID != "sekisho" || s.Type != "grafana-azure-data-explorer-datasource" || s.JSONData.AzureCredentials.AuthType != "msi" || !strings.HasPrefix(s.JSONData.ClusterURL, "http://127.0.0.1:") {
		t.Errorf("the data source is %+v", s)
	}
}
