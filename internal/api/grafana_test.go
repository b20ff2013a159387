package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/api"
)

// pluginTable is what Grafana's plugin for Azure Data Explorer makes of an answer.
type pluginTable struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
	Error   string   `json:"error"`
}

// readAsPlugin reads an answer of version 1 as the plugin does (its models/table.go):
// the table named Table_0, no exceptions, and each value in the one JSON form that
// it takes for the column's type.
func readAsPlugin(status int, body []byte) (pluginTable, error) {
	var out pluginTable
	var answer struct {
		Tables []struct {
			TableName string
			Columns   []struct{ ColumnName, ColumnType string }
			Rows      [][]any
		}
		Exceptions []string
		Error      struct {
			Description string `json:"@message"`
		}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return out, err
	}
	if status/100 != 2 {
		return pluginTable{Error: answer.Error.Description}, nil
	}
	if len(answer.Exceptions) > 0 || len(answer.Tables) == 0 || answer.Tables[0].TableName != "Table_0" {
		return out, fmt.Errorf("no Table_0, or exceptions: %s", body)
	}
	table := answer.Tables[0]
	for _, c := range table.Columns {
		out.Columns = append(out.Columns, c.ColumnName)
	}
	for _, row := range table.Rows {
		for i, v := range row {
			var err error
			if row[i], err = pluginValue(v, table.Columns[i].ColumnType); err != nil {
				return out, fmt.Errorf("column %s: %w", table.Columns[i].ColumnName, err)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// pluginValue takes what the plugin's converters take, and nothing else.
func pluginValue(v any, columnType string) (any, error) {
	n, isNumber := v.(json.Number)
	s, isText := v.(string)
	_, isBool := v.(bool)
	switch columnType {
	case "dynamic":
		out, err := json.Marshal(v)
		return string(out), err
	case "string", "guid", "timespan":
		if isText || v == nil {
			return v, nil
		}
	case "datetime":
		if v == nil {
			return nil, nil
		}
		_, err := time.Parse(time.RFC3339Nano, s)
		return s, err
	case "int", "long":
		if isNumber {
			return n.Int64()
		}
		if v == nil {
			return nil, nil
		}
	case "real", "decimal":
		switch {
		case isNumber:
			return n.Float64()
		case v == nil || s == "NaN" || s == "Infinity" || s == "-Infinity":
			return v, nil
		case columnType == "decimal" && isText:
			return strconv.ParseFloat(s, 64)
		}
	case "bool":
		if isBool || v == nil {
			return v, nil
		}
	default:
		return nil, fmt.Errorf("the type %q is unknown to the plugin", columnType)
	}
	return nil, fmt.Errorf("%v (%T) is no %s for the plugin", v, v, columnType)
}

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
			Want       pluginTable
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		r := unixRequest("POST", c.Path, bytes.NewReader(c.Body))
		for k, v := range c.Headers {
			r.Header.Set(k, v)
		}
		w := asked(h, r)
		got, err := readAsPlugin(w.Code, w.Body.Bytes())
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
func panel(t *testing.T, h http.Handler, db, query, format string) pluginTable {
	t.Helper()
	body, err := json.Marshal(map[string]any{"db": db, "csl": query})
	if err != nil {
		t.Fatal(err)
	}
	w := asked(h, unixRequest("POST", "/v1/rest/query", bytes.NewReader(body)))
	table, err := readAsPlugin(w.Code, w.Body.Bytes())
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
