package api

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// bare is a workspace with the real engine and without rows. It takes small
// queries only, so that what is fuzzed is how requests are read.
type bare struct{ engine *duck.Engine }

func (bare) Name() string { return "hub" }
func (bare) ID() string   { return "8d3c1d02-9f44-4f0e-8a6b-2f5f0c6b7e11" }
func (bare) Tables(context.Context) ([]Table, error) {
	return []Table{{Name: "T", Doc: "a \"table\"", Columns: []Column{{"a", value.LongType, ""}}}}, nil
}

func (b bare) Query(ctx context.Context, q Query) (*kql.Answer, error) {
	if len(q.Text) > 200 || strings.Contains(q.Text, "range") || strings.Contains(q.Text, "repeat") {
		q.Text = "print 1"
	}
	return kql.Run(ctx, b.engine, q.Text, kql.Options{Now: q.Now, Parameters: q.Parameters, Unbounded: true})
}

func openBare(t testing.TB) bare {
	t.Helper()
	cfg := duck.DefaultConfig()
	cfg.Memory, cfg.Timeout = "64MB", 5*time.Second
	e, err := duck.Open(context.Background(), cfg, nil)
	if err != nil {
		t.Fatalf("duck.Open() error:\n%+v", err)
	}
	t.Cleanup(func() { e.Close() })
	return bare{e}
}

// FuzzRequest sends bodies to each endpoint. Whatever comes, the answer is JSON,
// and no request is the server's own fault.
func FuzzRequest(f *testing.F) {
	paths := []string{"/v1/rest/query", "/v1/rest/mgmt", "/v2/rest/query", "/v1/workspaces/hub/query", "/v1/subscriptions/x/query", "/v1/$batch"}
	for _, seed := range []string{
		`{"db":"hub","csl":"print 1","properties":{"Options":{"servertimeout":"00:04:00","notruncation":true},"Parameters":{"n":"long(1)"}}}`,
		`{"db":"hub","csl":".show tables | count"}`, `{"csl":"// x\n .show database ['hub'] schema as json"}`, `{"csl":"|","properties":"{}"}`,
		`{"query":"print x=1 | render timechart","timespan":"P1D","workspaces":["hub"]}`, `{"query":"print x","timespan":"2026-01-01/P1Y2M3W4DT5H6M7.8S"}`,
		`{"requests":[{"id":"1","headers":{"prefer":"wait=1,include-render=true"},"body":{"query":"print 1"},"path":"/query","method":"POST","workspace":"hub"}]}`,
		`{"csl":"print dynamic({\"a\":1})","properties":{"Options":{"results_v2_fragment_primary_tables":true,"truncationmaxrecords":0}}}`,
	} {
		for i := range paths {
			f.Add(seed, uint8(i))
		}
	}
	s := &server{Config: Config{Workspace: openBare(f)}}
	s.ws = s.Workspace
	h := s.routes() // without recorded: a panic is to be seen
	f.Fuzz(func(t *testing.T, body string, path uint8) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", paths[int(path)%len(paths)], strings.NewReader(body)))
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q gives what is not JSON: %s", body, w.Body)
		}
		if w.Code == 500 && !bytes.Contains(w.Body.Bytes(), []byte("run query")) {
			t.Errorf("%q is answered with 500: %s", body, w.Body)
		}
	})
}

// FuzzTimespan reads stretches of time.
func FuzzTimespan(f *testing.F) {
	for _, seed := range []string{"", "P1D", "PT1H30M", "P1Y2M3W4DT5H6M7.5S", "2026-06-01/2026-06-02", "2026-06-01T00:00:00Z/PT1H", "P1M/2026-03-31", "/", "P", "PT", "P99999Y"} {
		f.Add(seed)
	}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		from, to, err := parseTimespan(s, now)
		if err == nil && to.Before(from) {
			t.Errorf("%q is from %v to %v", s, from, to)
		}
		if err == nil && (from.Year() > 9999 || to.Year() > 9999) {
			t.Errorf("%q reaches to %v", s, to)
		}
	})
}

// FuzzValues writes values and reads them again as JSON and, through the language,
// as literals of a piped command.
func FuzzValues(f *testing.F) {
	f.Add("a\"b\\c\n\x00\u2028é", int64(5), 1.5)
	f.Add("'); drop", int64(math.MinInt64), math.Inf(-1))
	f.Add("\xff\xfe", int64(math.MaxInt64), math.NaN())
	b := openBare(f)
	f.Fuzz(func(t *testing.T, s string, n int64, r float64) {
		cols := []result.Column{{Name: "s", Type: value.StringType}, {Name: "n", Type: value.LongType}, {Name: "at", Type: value.DatetimeType},
			{Name: "d", Type: value.TimespanType}, {Name: "b", Type: value.BoolType}, {Name: "none", Type: value.GuidType}}
		at := value.Datetime(uint64(n) % uint64(value.MaxDatetime))
		row := []any{s, n, at, value.Timespan(n), n%2 == 0, nil}
		for _, asText := range []bool{false, true} {
			if out := appendRow(nil, append(cols, result.Column{Name: "r", Type: value.RealType}), append(row, r), asText); !json.Valid(out) {
				t.Errorf("the row %v is written as %s", row, out)
			}
		}
		answer, err := kql.Run(t.Context(), b.engine, datatable(&result.Table{Cols: cols, Data: [][]any{row}}), kql.Options{})
		if err != nil {
			t.Fatalf("%q: %v", datatable(&result.Table{Cols: cols, Data: [][]any{row}}), err)
		}
		table, err := result.Read(answer.Rows)
		if err != nil || len(table.Data) != 1 {
			t.Fatalf("read: %v %v", table, err)
		}
		want := string(appendRow(nil, cols, row, false))
		if got := string(appendRow(nil, cols, table.Data[0], false)); got != want {
			t.Errorf("a row comes back as %s, want %s", got, want)
		}
	})
}

func TestTimespan(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]string{
		"":                               "0001-01-01T00:00:00Z 0001-01-01T00:00:00Z",
		"P1D":                            "2026-05-31T12:00:00Z 2026-06-01T12:00:00Z",
		"pt90m":                          "2026-06-01T10:30:00Z 2026-06-01T12:00:00Z",
		"P1Y2M1W1DT1H1M1.5S":             "2025-03-24T10:58:58.5Z 2026-06-01T12:00:00Z",
		"2026-06-01/2026-06-02":          "2026-06-01T00:00:00Z 2026-06-02T00:00:00Z",
		"2026-06-01T02:00:00+02:00/P1D":  "2026-06-01T00:00:00Z 2026-06-02T00:00:00Z",
		"2026-06-01T10:00/PT30M":         "2026-06-01T10:00:00Z 2026-06-01T10:30:00Z",
		"P1M/2026-03-31T00:00:00.25Z":    "2026-03-03T00:00:00.25Z 2026-03-31T00:00:00.25Z",
		"P1D/P1D":                        "error",
		"2026-06-01":                     "error",
		"2026-06-01/":                    "error",
		"/2026-06-01":                    "error",
		"P":                              "error",
		"PT":                             "error",
		"1h":                             "error",
		"P99999Y":                        "error",
		"2026-06-02/2026-06-01":          "error",
		"2026-06-01T25:00:00Z/PT1H":      "error",
		"2026-06-01/2026-06-02/PT1H":     "error",
		"9999-12-31T00:00:00Z/P2D":       "error",
		"0001-01-01/0001-01-01":          "0001-01-01T00:00:00Z 0001-01-01T00:00:00.0000001Z", // not all time
		"0001-01-01T00:00:00Z/P1D":       "0001-01-01T00:00:00Z 0001-01-02T00:00:00Z",
		"P1D/2026-06-01T12:00:00.1Z":     "2026-05-31T12:00:00.1Z 2026-06-01T12:00:00.1Z",
		" 2026-06-01 / 2026-06-01T06:00": "2026-06-01T00:00:00Z 2026-06-01T06:00:00Z",
	} {
		got := "error"
		if from, to, err := parseTimespan(s, now); err == nil {
			got = from.Format(time.RFC3339Nano) + " " + to.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%q is %s, want %s", s, got, want)
		}
	}
}
