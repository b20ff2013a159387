package api_test

import (
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/api"
	"github.com/sekisho/sekisho/internal/api/apitest"
)

var update = flag.Bool("update", false, "write what the clients understood to testdata; read what changed")

// goClients builds the program with Microsoft's clients for Go.
func goClients(t *testing.T) string {
	t.Helper()
	openWorkspace(t) // makes the folder
	return apitest.Go(t, shared.folder)
}

// TestClients asks the same with Microsoft's own clients, unchanged, and compares
// what they understood.
func TestClients(t *testing.T) {
	s := httptest.NewServer(api.New(api.Config{Workspace: openWorkspace(t), AnonymousLoopback: true, Version: "1.2.3"}))
	defer s.Close()
	t.Run("go", func(t *testing.T) { compareClients(t, "go", exec.Command(goClients(t), s.URL)) })
	t.Run("npm", func(t *testing.T) {
		node, script := apitest.NPM(t)
		compareClients(t, "npm", exec.Command(node, script, s.URL))
	})
}

func compareClients(t *testing.T, client string, cmd *exec.Cmd) {
	tell := watchMemory(t)
	apitest.Compare(t, client, cmd, "testdata/clients", *update)
	tell()
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
