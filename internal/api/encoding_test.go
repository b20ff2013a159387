package api_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/api"
)

// TestContentEncoding sends a query as clients pack it.
func TestContentEncoding(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	const query = `{"csl":"print 1","query":"print 1"}`
	var gz, deflated bytes.Buffer
	for _, w := range []io.WriteCloser{gzip.NewWriter(&gz), zlib.NewWriter(&deflated)} {
		if _, err := io.WriteString(w, query); err != nil {
			t.Fatal(err)
		}
		w.Close()
	}
	for _, c := range []struct {
		encoding, body string
		status         int
		want           string
	}{
		{"", query, 200, "print_0"},
		{"identity", query, 200, "print_0"},
		{"gzip", gz.String(), 200, "print_0"},
		{"GZIP", gz.String(), 200, "print_0"},
		{"x-gzip", gz.String(), 200, "print_0"},
		{"gzip", query, 400, "is not gzip, as its Content-Encoding says"},
		{"deflate", deflated.String(), 415, `Content-Encoding is \"deflate\", which is not gzip`},
		{"gzip, gzip", gz.String(), 415, "which is not gzip"},
	} {
		for _, path := range []string{"/v1/rest/query", "/v2/rest/query", "/v1/workspaces/hub/query"} {
			r := unixRequest("POST", path, strings.NewReader(c.body))
			r.Header.Set("Content-Encoding", c.encoding)
			if w := asked(h, r); w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%q to %s: %d %s, want %d with %s", c.encoding, path, w.Code, w.Body, c.status, c.want)
			}
		}
	}
}

func TestAcceptEncoding(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	for accepts, want := range map[string]string{"": "", "gzip": "gzip", "deflate, GZIP": "gzip", "br;q=1, gzip;q=0.5": "gzip",
		"gzip;q=0": "", "gzip; q=0.000, deflate": "", "deflate": ""} {
		r := unixRequest("POST", "/v1/rest/query", strings.NewReader(`{"csl":"print 1"}`))
		r.Header.Set("Accept-Encoding", accepts)
		if got := asked(h, r).Header().Get("Content-Encoding"); got != want {
			t.Errorf("a client that takes %q gets %q, want %q", accepts, got, want)
		}
	}
}

// TestWhatTheEngineRefuses has queries that cannot be computed, however often they
// are asked: clients are told so.
func TestWhatTheEngineRefuses(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	for name, query := range map[string]string{
		"a sum of many parts":       "AZFWFlowTrace | extend n = " + strings.Repeat("SourcePort + ", 10_000) + "1",
		"a series that is too long": "range x from 1 to 3 step 1 | make-series count() on x * 1000000 step 1",
		"one of constants":          "range x from 1 to 3 step 1 | make-series count() on x from 0 to 10000000 step 1",
		"a text that is too long":   `print strlen(strrep(strrep(strrep('aaaaaaaaaa', 1000), 1000), 1000))`,
	} {
		w := asked(h, unixRequest("POST", "/v1/rest/query", strings.NewReader(fmt.Sprintf(`{"csl":%q}`, query))))
		if body := w.Body.String(); w.Code != 400 || !strings.Contains(body, `"@permanent":true`) {
			t.Errorf("%s: %d %.400s", name, w.Code, body)
		}
	}
	many := strings.Repeat("SourcePort > 0 and ", 3_000)
	if w := asked(h, unixRequest("POST", "/v1/rest/query", strings.NewReader(fmt.Sprintf(`{"csl":"AZFWFlowTrace | where %s true | count"}`, many)))); w.Code != 200 || !strings.Contains(w.Body.String(), "[[11]]") {
		t.Errorf("a condition of many parts: %d %.400s", w.Code, w.Body)
	}
	w := asked(h, unixRequest("POST", "/v1/rest/query", strings.NewReader(`{"csl":"AZFWFlowTrace | take 1 | project isnull(TimeGenerated + 10000000d)"}`)))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "[[true]") && !strings.Contains(w.Body.String(), "[[1]") {
		t.Errorf("a moment that there is not: %d %s", w.Code, w.Body)
	}
}
