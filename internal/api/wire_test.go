package api_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/api"
	"github.com/sekisho/sekisho/internal/kql/result"
)

// breakingRows panic when some have been read.
type breakingRows struct {
	result.Rows
	read int
}

func (r *breakingRows) Next() ([]any, error) {
	if r.read++; r.read > 50_000 {
		panic("broken")
	}
	return r.Rows.Next()
}

// asked answers one request.
func asked(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestFragments reads the frames as clients do: one a line, with its bracket or
// comma in front, none larger than a client can be asked to hold.
func TestFragments(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	w := asked(h, unixRequest("POST", "/v2/rest/query", strings.NewReader(
		`{"csl":"Million | project Id, SourceIp | take 10000","properties":{"Options":{"results_v2_fragment_primary_tables":true}}}`)))
	var kinds []string
	rows, largest := 0, 0
	lines := strings.Split(strings.TrimSuffix(w.Body.String(), "\n"), "\n")
	for i, line := range lines {
		largest = max(largest, len(line))
		if i == len(lines)-1 {
			if line != "]" {
				t.Errorf("the last line is %q", line)
			}
			break
		}
		if want := map[bool]byte{true: '[', false: ','}[i == 0]; line[0] != want {
			t.Errorf("line %d begins with %q, want %q", i, line[0], want)
		}
		var frame struct {
			FrameType string
			Rows      []any
			RowCount  int
		}
		if err := json.Unmarshal([]byte(line[1:]), &frame); err != nil {
			t.Fatalf("line %d is no frame: %v\n%s", i, err, line)
		}
		if frame.FrameType == "TableFragment" {
			rows += len(frame.Rows)
		}
		if frame.FrameType == "TableCompletion" && frame.RowCount != 10000 {
			t.Errorf("the completion tells of %d rows", frame.RowCount)
		}
		kinds = append(kinds, frame.FrameType)
	}
	want := []string{"DataSetHeader", "DataTable", "TableHeader", "TableFragment", "TableFragment", "TableFragment", "TableCompletion", "DataTable", "DataSetCompletion"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	if rows != 10000 || largest > 300<<10 {
		t.Errorf("%d rows, the largest frame has %d bytes", rows, largest)
	}
}

// TestFailureInTheMiddle lets a query's time run out while a slow client reads.
func TestFailureInTheMiddle(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(api.New(api.Config{Workspace: openWorkspace(t), AnonymousLoopback: true}))
	t.Cleanup(s.Close) // behind the tests that run beside each other
	for _, c := range []struct{ path, body, want string }{
		{"/v2/rest/query", `{"csl":"T","properties":{"Options":{"servertimeout":"00:00:03","notruncation":true,"results_v2_fragment_primary_tables":true}}}`, `"OneApiErrors":[{"error":{"code":"RequestExecutionTimeout"`},
		{"/v2/rest/query", `{"csl":"T","properties":{"Options":{"servertimeout":"00:00:03","notruncation":true}}}`, `{"OneApiErrors":[{"error":{"code":"RequestExecutionTimeout"`},
		{"/v1/rest/query", `{"csl":"T","properties":{"Options":{"servertimeout":"00:00:03","notruncation":true}}}`, `"Exceptions":["Query execution has resulted in error (0x80DA0006)`},
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			// More than what sockets take in while nobody reads.
			text := `Million | extend a=SourceIp, b=_ResourceId, c=_ResourceId, d=_ResourceId`
			r, err := http.Post(s.URL+c.path, "application/json", strings.NewReader(strings.Replace(c.body, `"T"`, `"`+text+`"`, 1)))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			in := bufio.NewReader(r.Body)
			if _, err := in.Peek(1); err != nil || r.StatusCode != 200 {
				t.Fatalf("%d %v", r.StatusCode, err)
			}
			time.Sleep(3100 * time.Millisecond)
			body, err := io.ReadAll(in)
			if err != nil || !json.Valid(body) {
				t.Errorf("the answer of %d bytes is not JSON: %v", len(body), err)
			}
			if !bytes.Contains(body, []byte(c.want)) {
				t.Errorf("no %s at the end: …%s", c.want, body[max(0, len(body)-900):])
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	r := unixRequest("POST", "/v1/rest/query", strings.NewReader(`{"csl":"AZFWFlowTrace"}`))
	r.Header.Set("Accept-Encoding", "gzip, deflate")
	r.Header.Set("x-ms-client-request-id", "KGC.execute;1")
	w := asked(h, r)
	if got := w.Header().Get("x-ms-client-request-id"); got != "KGC.execute;1" {
		t.Errorf("the request's id comes back as %q", got)
	}
	if id := w.Header().Get("x-ms-activity-id"); len(id) != 36 {
		t.Errorf("the activity's id is %q", id)
	}
	gz, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatalf("the answer is not packed: %v", err)
	}
	body, err := io.ReadAll(gz)
	if err != nil || !json.Valid(body) {
		t.Errorf("the answer is %v: %s", err, body)
	}
}

// TestPlacements are the places where a client may want to be told of a failure.
func TestPlacements(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	for placement, want := range map[string]string{"in_data": `],{"OneApiErrors":[{`, "end_of_table": `]],"OneApiErrors":[{`, "end_of_dataset": "]]}\n,{\"FrameType\":\"DataTable\",\"TableId\":2"} {
		w := asked(h, unixRequest("POST", "/v2/rest/query", strings.NewReader(
			`{"csl":"Million | project Id","properties":{"Options":{"truncationmaxrecords":2,"results_error_reporting_placement":"`+placement+`"}}}`)))
		if body := w.Body.String(); !strings.Contains(body, want) || !json.Valid(w.Body.Bytes()) || !strings.Contains(body, `"HasErrors":true`) {
			t.Errorf("%s: no %q in\n%s", placement, want, body)
		}
	}
}

// TestGET is the other method, for a browser's address line and for scripts.
func TestGET(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	properties := url.QueryEscape(`{"Options":{"query_take_max_records":1}}`)
	for path, want := range map[string]string{
		"/v1/rest/query?db=hub&csl=" + url.QueryEscape("AZFWFlowTrace | project Flag | order by Flag asc") + "&properties=" + properties: `"Rows":[["ACK"]]`,
		"/v2/rest/query?csl=" + url.QueryEscape("print x='é'"):                                                                           `"Rows":[["é"]]`,
		"/v1/workspaces/hub/query?timespan=PT10M/2026-06-01T08:20:00Z&query=" + url.QueryEscape("AZFWFlowTrace | count"):                 `"rows":[[4]]`,
		"/v1" + firewallB + "/query?query=" + url.QueryEscape("AZFWFlowTrace | count"):                                                   `"rows":[[5]]`,
	} {
		if w := asked(h, unixRequest("GET", path, nil)); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("GET %s: %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
}

// TestTheCommandsOfTheReference asks each that docs/reference/workspace-api.md
// names, its words in brackets tried one by one.
func TestTheCommandsOfTheReference(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	for _, c := range []string{
		"version", "cluster", "cluster databases", "databases", "databases identity", "databases entities", "databases schema",
		"databases schema as json", "databases (hub) schema", "databases (hub) schema as json", "database", "database hub",
		"database identity", "database hub identity", "database ['hub'] schema", "database hub schema as json", "database schema as json",
		"schema", "schema as json", "tables", "tables (Connection, Heartbeat)", "table Connection", "table Connection cslschema",
		"table Connection schema as csl", "table Connection schema as json", "functions", "materialized-views", "external tables", "entity_groups",
	} {
		body, err := json.Marshal(map[string]string{"db": "hub", "csl": ".show " + c})
		if err != nil {
			t.Fatal(err)
		}
		if w := asked(h, unixRequest("POST", "/v1/rest/mgmt", bytes.NewReader(body))); w.Code != 200 || !json.Valid(w.Body.Bytes()) {
			t.Errorf(".show %s: %d %.300s", c, w.Code, w.Body)
		}
	}
	for _, c := range []string{"database other", "database other identity", "database other schema"} {
		w := asked(h, unixRequest("POST", "/v1/rest/mgmt", strings.NewReader(`{"csl":".show `+c+`"}`)))
		if w.Code != 400 || !strings.Contains(w.Body.String(), "BadRequest_EntityNotFound") {
			t.Errorf(".show %s: %d %.300s", c, w.Code, w.Body)
		}
	}
}

// TestRefusedRequests are requests that are wrong, and what is said about them.
func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	kusto := func(option string) string { return `{"csl":"print 1","properties":{"Options":{` + option + `}}}` }
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/v1/rest/query", `{`, 400, "is not JSON"},
		{"POST", "/v1/rest/query", `{"csl":" "}`, 400, "no query text"},
		{"POST", "/v2/rest/query", kusto(`"servertimeout":"soon"`), 400, "option servertimeout is soon, which is not a timespan"},
		{"POST", "/v2/rest/query", kusto(`"servertimeout":-1`), 400, "which is not a timespan"},
		{"POST", "/v2/rest/query", kusto(`"truncationmaxrecords":"many"`), 400, "not a number"},
		{"POST", "/v2/rest/query", kusto(`"notruncation":"perhaps"`), 400, "not true or false"},
		{"POST", "/v2/rest/query", kusto(`"query_now":"noon"`), 400, "not a datetime"},
		{"POST", "/v2/rest/query", kusto(`"query_language":"sql"`), 400, "not kql or csl"},
		{"POST", "/v2/rest/query", kusto(`"query_datetimescope_column":"SynTime"`), 400, "not TimeGenerated"},
		{"POST", "/v2/rest/query", kusto(`"results_error_reporting_placement":"nowhere"`), 400, "not in_data"},
		{"POST", "/v2/rest/query", `{"csl":"declare query_parameters(n:long); print n"}`, 400, "'n' has no value"},
		{"POST", "/v1/rest/mgmt", `{"csl":"print 1"}`, 400, "begins with a dot"},
		{"POST", "/v1/rest/mgmt", `{"csl":".show tables | where X == 1"}`, 400, "'X' is not a column"},
		{"GET", "/v1/rest/query?csl=print+1&properties={", "", 400, "properties are not JSON"},
		{"GET", "/v1/rest/mgmt?csl=.show+tables", "", 404, "PathNotFoundError"},
		{"POST", "/v1/workspaces/hub/query", `[]`, 400, "is not JSON of the form"},
		{"POST", "/v1/workspaces/hub/query", `{"query":""}`, 400, "no query"},
		{"POST", "/v1/workspaces/hub/query", `{"query":"print 1","timespan":"yesterday"}`, 400, "not of the form START/END"},
		{"POST", "/v1/workspaces/hub/query", `{"query":"print 1","timespan":"2026-06-02/2026-06-01"}`, 400, "ends before it begins"},
		{"POST", "/v1/workspaces/hub/query", `{"query":"print 1","workspaces":["other"]}`, 400, "FailedToResolveResource"},
		{"POST", "/v1/resourceGroups/x/query", `{"query":"print 1"}`, 404, "PathNotFoundError"},
		{"POST", "/v1/subscriptions/x/rows", `{"query":"print 1"}`, 404, "PathNotFoundError"},
		{"POST", "/v1/$batch", `{"requests":[]}`, 400, "0 queries"},
		{"POST", "/v1/$batch", `{"requests":[{"id":"a"},{"id":"a"}]}`, 400, "an id of its own"},
		{"PUT", "/v1/rest/query", "", 404, "PathNotFoundError"},
		{"GET", "/", "", 404, "PathNotFoundError"},
	} {
		w := asked(h, unixRequest(c.method, c.path, strings.NewReader(c.body)))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s %s: %d %s, want %d with %q", c.method, c.path, c.body, w.Code, w.Body, c.status, c.want)
		}
	}
}

// TestOptions are options that change what comes out.
func TestOptions(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	for _, c := range []struct{ csl, options, want string }{
		{"AZFWFlowTrace | count", `"query_datetimescope_from":"2026-06-01T08:10:00Z","query_datetimescope_to":"datetime(2026-06-01 08:20:00)"`, "[[4]]"},
		{"AZFWFlowTrace | count", `"Query_DateTimeScope_From":"2026-06-01T08:20:00Z","query_datetimescope_column":"TimeGenerated"`, "[[2]]"},
		{"AZFWFlowTrace | count", `"query_datetimescope_to":"0001-01-01"`, "[[0]]"},
		{"declare query_parameters(d:dynamic, n:long, s:string='none'); print d.a[1], n, s", `},"Parameters":{"d":{"a":[1,"x"]},"n":5`, `[["x",5,"none"]]`},
		{"print now()", `"query_now":"2026-06-01"`, `[["2026-06-01T00:00:00Z"]]`},
		{"print 1", `"servertimeout":"00:04:00)"`, "[[1]]"}, // as Grafana's plugin has written it
		{"print 1", `"norequesttimeout":true,"queryconsistency":"weakconsistency","request_readonly":true`, "[[1]]"},
		{"Million | project Id | order by Id asc", `"notruncation":true,"query_take_max_records":"2"`, "[[0],[1]]"},
		{"set notruncation; range x from 1 to 3 step 1", `"truncationmaxrecords":1`, "[[1],[2],[3]]"},
		{"set query_take_max_records=1; range x from 1 to 3 step 1", ``, "[[1]]"},
	} {
		body := `{"csl":"` + c.csl + `","properties":{"Options":{` + c.options + `}}}`
		w := asked(h, unixRequest("POST", "/v2/rest/query", strings.NewReader(body)))
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"Rows":`+c.want+"}") || strings.Contains(w.Body.String(), `"HasErrors":true`) {
			t.Errorf("%s: %d %s, want %s", body, w.Code, w.Body, c.want)
		}
	}
}

// TestEditor asks what an editor asks.
func TestEditor(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/v1/editor/schema", "", `"Million":{"Name":"Million","EntityType":"Table","Folder":"","DocString":"","OrderedColumns":[{"Name":"TimeGenerated","Type":"System.DateTime","CslType":"datetime"`},
		{"POST", "/v1/editor/lint", `{"text":"AZFWFlowTrace | where Flagg == 1"}`, `"severity":"error","code":"semantics","message":"'Flagg' is not a column or variable here","hint":"did you mean Flag?","start":22,"length":5`},
		{"POST", "/v1/editor/lint", `{"text":"AZFWFlowTrace"}`, `{"markers":[]}`},
		{"POST", "/v1/editor/complete", `{"text":"AZFWFlowTrace | where InvalidR","offset":30}`, `{"start":22,"length":8,"items":[{"label":"InvalidReason","kind":"column"`},
		{"POST", "/v1/editor/lint", `[`, "is not JSON"},
	} {
		if w := asked(h, unixRequest(c.method, c.path, strings.NewReader(c.body))); !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %s: %d %.900s, want %s", c.method, c.path, c.body, w.Code, w.Body, c.want)
		}
	}
}
