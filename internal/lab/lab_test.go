package lab

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sekisho/sekisho/internal/topology"
)

// childVariable makes the test binary bring up the lab that it names, with the
// topology on standard input, and stay until SIGTERM, as a command would.
const childVariable = "SEKISHO_LAB_TEST_UP"

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		os.Exit(supervise(name))
	}
	goleak.VerifyTestMain(m)
}

func supervise(name string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	t, _, err := topology.ReadFile("-")
	if err == nil {
		var s *Supervisor
		s, err = Up(ctx, t, Options{Name: name, Progress: func(message string) { fmt.Println(message) }})
		if err == nil {
			fmt.Println("up")
			<-ctx.Done()
			err = s.Close()
		}
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func parse(t *testing.T, text string) *topology.Topology {
	t.Helper()
	parsed, _, err := topology.Parse(t.Name(), []byte(text))
	if err != nil {
		t.Fatalf("topology.Parse() error:\n%+v", err)
	}
	return parsed
}

// needRoot skips a test that makes namespaces; on CI it must not be skipped.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("network namespaces need root")
	}
	t.Skip("network namespaces need root")
}

// labName is nobody else's, and is checked to have left nothing.
func labName(t *testing.T, suffix string) string {
	t.Helper()
	needRoot(t)
	name := fmt.Sprintf("t%d-%s", os.Getpid(), suffix)
	t.Cleanup(func() {
		if err := Down(context.Background(), name, nil); err != nil {
			t.Errorf("Down() error:\n%+v", err)
		}
		checkGone(t, name)
	})
	return name
}

// bringUp brings up a lab that is taken down with the test.
func bringUp(t *testing.T, suffix, text string, o Options) *Supervisor {
	t.Helper()
	o.Name = labName(t, suffix)
	s, err := Up(t.Context(), parse(t, text), o)
	if err != nil {
		t.Fatalf("Up() error:\n%+v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() error:\n%+v", err)
		}
	})
	return s
}

func checkGone(t *testing.T, name string) {
	t.Helper()
	for _, pattern := range []string{namespaceFolder + "/" + name + "-*", labsFolder + "/" + name,
		runFolder + "/" + name + "-*", pinFolder + "/" + name + "-*"} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	left, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range left {
		line, err := os.ReadFile(path)
		if err == nil && bytes.Contains(line, []byte(labsFolder+"/"+name+"/")) {
			t.Errorf("left behind: process %s", bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		}
	}
}

func address(t *testing.T, l *Lab, node string, port uint16) netip.AddrPort {
	t.Helper()
	n, err := l.Node(node)
	if err != nil {
		t.Fatalf("Node() error:\n%+v", err)
	}
	return netip.AddrPortFrom(n.Address, port)
}

// connect expects an outcome of a connection to a node's port.
func connect(t *testing.T, l *Lab, from, to string, port uint16, want Outcome, o ConnectOptions) Connection {
	t.Helper()
	if want == TimedOut && o.Timeout == 0 {
		o.Timeout = 300 * time.Millisecond
	}
	got, err := l.Connect(t.Context(), from, address(t, l, to, port), o)
	if err != nil {
		t.Fatalf("Connect(%s, %s) error:\n%+v", from, to, err)
	}
	if got.Outcome != want {
		t.Fatalf("Connect(%s, %s) = %+v, want %s", from, to, got, want)
	}
	return got
}

// run expects a program in a node to succeed and returns what it prints.
func run(t *testing.T, l *Lab, node string, argv ...string) string {
	t.Helper()
	var out strings.Builder
	status, err := l.Exec(t.Context(), node, argv, Stdio{Out: &out, Err: &out})
	if err != nil || status != 0 {
		t.Fatalf("Exec(%s, %q) = %d, %v:\n%s", node, argv, status, err, out.String())
	}
	return out.String()
}
