package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/api"
)

var update = flag.Bool("update", false, "write what the clients understood to testdata; read what changed")

// missing skips a test that cannot run here, but not in CI.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// goClients builds the program with Microsoft's clients for Go.
func goClients(t *testing.T) string {
	t.Helper()
	openWorkspace(t) // makes the folder
	dir, out := "../../tools/clients/go", filepath.Join(shared.folder, "clients")
	if _, err := os.Stat(out); err == nil {
		return out
	}
	download := exec.Command("go", "mod", "download")
	download.Dir = dir
	if text, err := download.CombinedOutput(); err != nil {
		missing(t, "Microsoft's clients for Go cannot be downloaded: %v\n%s", err, text)
	}
	build := exec.Command("go", "build", "-o", out, ".")
	build.Dir = dir
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the Go clients: %v\n%s", err, text)
	}
	return out
}

// npmClients finds the program with Microsoft's clients for JavaScript.
func npmClients(t *testing.T) (node, script string) {
	t.Helper()
	script = "../../tools/clients/npm/clients.js"
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node is not installed")
	}
	if _, err := os.Stat(filepath.Dir(script) + "/node_modules/azure-kusto-data"); err != nil {
		missing(t, "Microsoft's clients for JavaScript are not installed: run npm ci in tools/clients/npm")
	}
	return "node", script
}

// TestClients asks the same with Microsoft's own clients, unchanged, and compares
// what they understood.
func TestClients(t *testing.T) {
	s := httptest.NewServer(api.New(api.Config{Workspace: openWorkspace(t), AnonymousLoopback: true, Version: "1.2.3"}))
	defer s.Close()
	t.Run("go", func(t *testing.T) { compareClients(t, "go", exec.Command(goClients(t), s.URL)) })
	t.Run("npm", func(t *testing.T) {
		node, script := npmClients(t)
		compareClients(t, "npm", exec.Command(node, script, s.URL))
	})
}

func compareClients(t *testing.T, client string, cmd *exec.Cmd) {
	tell := watchMemory(t)
	got := askClients(t, cmd, client)
	tell()
	file := "testdata/clients/" + client + ".jsonl"
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(want)), "\n"), got); diff != "" {
		t.Errorf("what the %s clients understood (-want +got):\n%s", client, diff)
	}
}

// askClients gives a client's program the questions that it can ask.
func askClients(t *testing.T, cmd *exec.Cmd, client string) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/clients/questions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var in, errors bytes.Buffer
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if q := forClient(t, line, client); q != nil {
			in.Write(append(q, '\n'))
		}
	}
	cmd.Stdin, cmd.Stderr = &in, &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run the %s clients: %v\n%s", client, err, errors.Bytes())
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// forClient makes a question what a client can ask, nil if it cannot. Only
// JavaScript's client speaks version 1; it wants times in milliseconds, and
// declares no parameters by itself.
func forClient(t *testing.T, line, client string) []byte {
	t.Helper()
	var q map[string]any
	if err := json.Unmarshal([]byte(line), &q); err != nil {
		t.Fatalf("read %s: %v", line, err)
	}
	options, _ := q["options"].(map[string]any)
	switch declare, _ := q["declare"].(string); {
	case client == "go" && q["call"] == "v1":
		return nil
	case client == "npm" && declare != "":
		q["text"] = declare + fmt.Sprint(q["text"])
		q["parameters"].(map[string]any)["for_timespan"] = "01:30:00"
		q["parameters"].(map[string]any)["list_dynamic"] = `dynamic([1,"two"])`
	case client == "npm" && options["servertimeout"] != nil:
		d, err := time.ParseDuration(options["servertimeout"].(string))
		if err != nil {
			t.Fatal(err)
		}
		options["servertimeout"] = d.Milliseconds()
	}
	out, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// mostMemory is what the server's process may take while clients read a million
// rows: DuckDB's limit in these tests is 256 MB.
const mostMemory = 450 << 20

// watchMemory looks at this process, where the server is, while clients read. A
// server, or a DuckDB, that kept all rows of a result would need far more.
func watchMemory(t *testing.T) (tell func()) {
	t.Helper()
	var heap, resident atomic.Uint64
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap.Store(max(heap.Load(), m.HeapAlloc))
				resident.Store(max(resident.Load(), residentBytes()))
			}
		}
	}()
	return func() {
		close(done)
		t.Logf("at most %d MiB of Go's heap, %d MiB in all", heap.Load()>>20, resident.Load()>>20)
		if heap.Load() > 64<<20 || resident.Load() > mostMemory {
			t.Errorf("the server took %d MiB of heap and %d MiB in all while clients read a million rows", heap.Load()>>20, resident.Load()>>20)
		}
	}
}

// residentBytes is how much of the process is in memory (proc(5), statm).
func residentBytes() uint64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var total, resident uint64
	_, _ = fmt.Sscan(string(data), &total, &resident) // 0 where it is not Linux
	return resident * uint64(os.Getpagesize())
}
