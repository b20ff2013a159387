package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// freeAddress is one of loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestWorkspaceAnswers runs a workspace with a socket and an address, and asks it
// by the command and as Log Analytics' clients do.
func TestWorkspaceAnswers(t *testing.T) {
	t.Parallel()
	cfg, address, end := runningWorkspace(t, "memory: 256MB")
	a, b := storetest.NewFirewall("fw-a"), storetest.NewFirewall("fw-b")
	for _, fw := range []*storetest.Firewall{a, b} {
		fw.Close(t, cfg.Spools[0], fw.Trace(time.Now(), time.Millisecond, 0, 30))
	}
	until(t, "60", func() string {
		out, err := command(t, "query", "--workspace", cfg.SocketPath(), "-o", "csv", "AZFWFlowTrace | count")
		if err != nil {
			t.Fatalf("query error:\n%+v", err)
		}
		return strings.TrimPrefix(strings.TrimSpace(out), "Count\n")
	})
	for path, want := range map[string]string{"/v1/workspaces/hub/query": "[[60]]", "/v1" + strings.ToLower(a.Source.ResourceID) + "/query": "[[30]]"} {
		if got := post(t, "http://"+address+path, `{"query":"AZFWFlowTrace | count"}`); !strings.Contains(strings.ReplaceAll(got, " ", ""), `"rows":`+want) {
			t.Errorf("%s answers %s, want rows %s", path, got, want)
		}
	}
	end()
}

// workspaceID is the one of each workspace that tests run.
const workspaceID = "8d3c1d02-9f44-4f0e-8a6b-2f5f0c6b7e11"

// runningWorkspace runs a workspace with a socket and an address until end, and
// in any case until the test ends.
func runningWorkspace(t *testing.T, query string) (cfg workspace.Config, address string, end func()) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ws") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	address = freeAddress(t)
	file := filepath.Join(dir, "w.yaml")
	text := fmt.Sprintf("name: hub\nfolder: data\nspools: [spool]\nquery: {%s}\nlisten: {socket: hub.sock, address: %q, anonymousLoopback: true}\n"+
		"retention: {default: {age: 36500d}}\n", query, address) // rows of tests may be of any day
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if cfg, err = workspace.ReadConfig(file); err != nil {
		t.Fatalf("ReadConfig() error:\n%+v", err)
	}
	for _, folder := range []string{cfg.Spools[0], cfg.Folder} { // a firewall is quicker than the workspace
		if err := os.MkdirAll(folder, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(cfg.Folder, "id"), []byte(workspaceID+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runWorkspace(ctx, cfg) }()
	end = sync.OnceFunc(func() {
		stop()
		if err := errors.Join(<-ended, os.RemoveAll(dir)); err != nil {
			t.Errorf("the workspace ended with error:\n%+v", err)
		}
	})
	t.Cleanup(end)
	if err := awaitWorkspace(ctx, cfg.SocketPath(), nil); err != nil {
		t.Fatalf("the workspace: %v", err)
	}
	return cfg, address, end
}

// TestTooManyQueries has one query run that nobody reads: others are refused in
// the way of each protocol, until it has ended.
func TestTooManyQueries(t *testing.T) {
	t.Parallel()
	cfg, address, _ := runningWorkspace(t, "memory: 256MB, concurrent: 1, wait: 400ms")
	client := workspace.NewClient(cfg.SocketPath())
	unread, err := client.Query(t.Context(), store.Query{Text: "range x from 1 to 1000000 step 1"})
	if err != nil {
		t.Fatalf("Query() error:\n%+v", err)
	}
	if _, err := command(t, "query", "--workspace", cfg.SocketPath(), "print 1"); err == nil || !strings.Contains(err.Error(), "the workspace is busy: 1 queries run") {
		t.Errorf("a query beyond the limit gives error:\n%v", err)
	}
	for path, want := range map[string]string{
		"/v1/workspaces/hub/query": `"code":"ThrottledError"`,
		"/v1/rest/query":           "KustoRequestThrottledException",
		"/v2/rest/query":           "Capacity: 1, Origin: 'Workspace'",
	} {
		resp, err := http.Post("http://"+address+path, "application/json", strings.NewReader(`{"query":"print 1","csl":"print 1"}`))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" || !strings.Contains(string(text), want) {
			t.Errorf("%s beyond the limit: status %d, Retry-After %q, %v, want 429 and %s:\n%s", path, resp.StatusCode, resp.Header.Get("Retry-After"), err, want, text)
		}
	}
	if s, err := client.Status(t.Context()); err != nil || s.QueriesRunning != 1 || s.QueriesRefused < 4 {
		t.Errorf("the status tells %+v, error:\n%v", s, err)
	}
	unread.Rows.Close()
	until(t, "1", func() string {
		out, _ := command(t, "query", "--workspace", cfg.SocketPath(), "-o", "csv", "print x = 1")
		return strings.TrimPrefix(strings.TrimSpace(out), "x\n")
	})
}

// TestNoMorePatience has a workspace give up a query with who asked for it.
func TestNoMorePatience(t *testing.T) {
	t.Parallel()
	cfg, _, _ := runningWorkspace(t, "memory: 256MB, threads: 1")
	_, err := command(t, "query", "--workspace", cfg.SocketPath(), "--timeout", "100ms",
		"range x from 1 to 100000000 step 1 | summarize count() by hash_sha256(tostring(x)) | count")
	if !errors.Is(err, duck.ErrTimeout) {
		t.Errorf("error %v, want %v", err, duck.ErrTimeout)
	}
	until(t, "0", func() string {
		s, err := workspace.NewClient(cfg.SocketPath()).Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(s.QueriesRunning)
	})
}

func until(t *testing.T, want string, ask func() string) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		got := ask()
		if got == want {
			return
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("still %q, want %q", got, want)
		}
	}
}

func post(t *testing.T, url, body string) string {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestServeNeedsBothFiles(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"serve"}, {"serve", "-c", "fw.yaml"}, {"serve", "--workspace", "w.yaml"}, {"workspace"}} {
		if _, err := command(t, args...); exitCode(err) != exitUsage {
			t.Errorf("%v: error:\n%v", args, err)
		}
	}
}
