package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
)

// testLab is a name for a lab, which is taken down at the end of the test,
// whatever became of it.
func testLab(t *testing.T, what string) string {
	t.Helper()
	if len(what) > 8 {
		what = what[:8]
	}
	name := fmt.Sprintf("t%d-%s", os.Getpid(), strings.Trim(what, "-"))
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := lab.Down(context.Background(), name, nil); err != nil {
			t.Error(err)
		}
	})
	return name
}

// sekisho runs the command and returns what it prints; it must succeed.
func sekisho(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("sekisho", args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("sekisho %s: %v\n%s%s", strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// assertNothingLeft looks for what a lab could leave behind.
func assertNothingLeft(t *testing.T, name string) {
	t.Helper()
	for _, pattern := range []string{"/run/netns/" + name + "-*", "/run/sekisho/" + name + "-*", "/run/sekisho/*/" + name + "*", "/sys/fs/bpf/sekisho/" + name + "-*"} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		if line, err := os.ReadFile(p); err == nil && bytes.Contains(line, []byte(name+"-")) {
			t.Errorf("a process is left behind: %q", bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		}
	}
}

const oneHub = "../../topologies/spoke-hub-spoke.yaml"

// Everything of a lab is killed with kill -9; down removes what is left, the
// pinned links included, which would keep the namespaces alive.
func TestALabThatCrashedIsRemoved(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	name := testLab(t, "crash")
	sekisho(t, "lab", "up", oneHub, "--name", name, "--detach")
	status := labStatus(t, name)
	pids := []int{status.Supervisor.PID}
	for _, n := range status.Nodes {
		for _, p := range n.Processes {
			pids = append(pids, p.PID)
		}
	}
	if len(pids) < 2 {
		t.Fatalf("no processes in %+v", status)
	}
	links, err := filepath.Glob("/sys/fs/bpf/sekisho/" + name + "-fw-a/*/link*")
	if err != nil || len(links) != 2 { // one a family
		t.Fatalf("pinned links: %v, %v", links, err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	sekisho(t, "lab", "down", "--lab", name)
	assertNothingLeft(t, name)
}

// A firewall that is killed goes on in the kernel; the next process reads what
// was recorded meanwhile.
func TestAFirewallThatIsKilledGoesOnInTheKernel(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	name := testLab(t, "kill")
	sekisho(t, "lab", "up", oneHub, "--name", name, "--detach")
	id := name + "-fw-a"
	sekisho(t, "policy", "apply", "../../policies/east-west.yaml", "--firewall", id)
	for _, n := range labStatus(t, name).Nodes {
		for _, p := range n.Processes {
			if n.Name == "fw-a" {
				if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	sekisho(t, "lab", "connect", "vm1", "vm2:7", "--lab", name)
	if err := exec.Command("sekisho", "lab", "connect", "vm1", "vm-hub:9", "--lab", name, "--timeout", "1s").Run(); err == nil {
		t.Error("a closed port let us in")
	}
	config, err := filepath.Glob("/run/sekisho/labs/" + name + "/firewalls/fw-a/firewall.yaml")
	if err != nil || len(config) != 1 {
		t.Fatalf("the firewall's file: %v, %v", config, err)
	}
	again := exec.Command("sekisho", "run", "-c", config[0], "--netns", id)
	again.Stderr = os.Stderr
	if err := again.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = again.Process.Signal(syscall.SIGTERM)
		_ = again.Wait()
	})
	var flags []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && len(flags) < 5; time.Sleep(50 * time.Millisecond) {
		out, err := exec.Command("sekisho", "trace", "-o", "jsonl", "firewall", id, "host", "10.1.1.4", "port", "7").Output()
		if err == nil {
			flags = flagsOf(t, out)
		}
	}
	if got, want := strings.Join(flags, " "), "SYN SYN-ACK ACK FIN FIN-ACK"; got != want {
		t.Errorf("the next process read %q, want %q", got, want)
	}
	if out := sekisho(t, "trace", "-o", "jsonl", "firewall", id, "port", "7"); !strings.Contains(out, `"Rule":"east-west"`) {
		t.Errorf("rules of the killed process have no names: %s", out)
	}
}

func flagsOf(t *testing.T, lines []byte) []string {
	t.Helper()
	var flags []string
	for line := range bytes.Lines(lines) {
		var row struct{ Properties struct{ Flag string } }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		flags = append(flags, row.Properties.Flag)
	}
	return flags
}

func labStatus(t *testing.T, name string) lab.Status {
	t.Helper()
	var list []lab.Status
	if err := json.Unmarshal([]byte(sekisho(t, "lab", "status", name, "-o", "json")), &list); err != nil || len(list) != 1 {
		t.Fatalf("lab status: %v, %v", list, err)
	}
	return list[0]
}

// Two labs with the same addresses know nothing of each other.
func TestTwoLabsSideBySide(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	first, second := testLab(t, "one"), testLab(t, "two")
	sekisho(t, "lab", "up", oneHub, "--name", first, "--detach")
	sekisho(t, "lab", "up", oneHub, "--name", second, "--detach")
	sekisho(t, "policy", "apply", "../../policies/east-west.yaml", "--firewall", first+"-fw-a")
	sekisho(t, "lab", "ssh", "vm1", "vm2", "--lab", first)
	if err := exec.Command("sekisho", "lab", "connect", "vm1", "vm2:7", "--lab", second, "--timeout", "1s").Run(); err == nil {
		t.Error("the policy of the first lab holds in the second")
	}
	out := sekisho(t, "trace", "-o", "jsonl", "firewall", second+"-fw-a")
	if !strings.Contains(out, `"Verdict":"Deny"`) || strings.Contains(out, `"Verdict":"Allow"`) {
		t.Errorf("the second lab's rows: %s", out)
	}
	if out, err := exec.Command("sekisho", "lab", "routes", "vm1").CombinedOutput(); err == nil || !strings.Contains(string(out), "which lab?") {
		t.Errorf("two labs and no --lab: %s", out)
	}
	sekisho(t, "lab", "down", "--lab", first)
	assertNothingLeft(t, first)
	sekisho(t, "lab", "exec", "--lab", second, "vm1", "--", "true")
	if got := sekisho(t, "lab", "routes", "vm-hub", "--lab", second); !strings.Contains(got, "VNetPeering") {
		t.Errorf("routes of vm-hub:\n%s", got)
	}
}

// A lab in the foreground shows rows as they come, and Ctrl-C takes it down.
func TestALabInTheForegroundShowsRowsAndEndsWithCtrlC(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	name := testLab(t, "fore")
	cmd := exec.Command("sekisho", "lab", "up", oneHub, "--name", name)
	var shown lockedBuffer
	cmd.Stdout, cmd.Stderr = &shown, &shown
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	await(t, "the lab", func() bool { return strings.Contains(shown.String(), "Ctrl-C takes it down") })
	await(t, "a row", func() bool {
		_ = exec.Command("sekisho", "lab", "connect", "vm1", "vm2:7", "--lab", name, "--timeout", "500ms").Run()
		return strings.Contains(shown.String(), "Deny default action")
	})
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v:\n%s", err, shown.String())
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
	}
	assertNothingLeft(t, name)
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}

// lockedBuffer can be read while a program writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Without root, each command that needs it says so in one sentence.
func TestWithoutRoot(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("sekisho")
	if err != nil {
		t.Fatal(err)
	}
	var as *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		// Somebody else must be able to reach the binary.
		for _, folder := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
			if err := os.Chmod(folder, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	data, err := os.ReadFile(oneHub)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"run", "-c", "-"}, {"lab", "up", "-"}, {"lab", "status"}, {"lab", "routes", "vm1"}} {
		cmd := exec.Command(path, args...)
		cmd.SysProcAttr = as
		cmd.Stdin = strings.NewReader("name: no-root\n")
		if args[1] == "up" {
			cmd.Stdin = bytes.NewReader(data)
		}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitFailure {
			t.Errorf("%v: %v", args, err)
		}
		if !bytes.Contains(out, []byte("needs root")) || !bytes.Contains(out, []byte("sudo")) || bytes.Count(out, []byte("\n")) != 1 {
			t.Errorf("%v says %q", args, out)
		}
	}
}

// Prometheus scrapes a running firewall on its control socket and, where that
// is configured, on loopback.
func TestMetrics(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	name := testLab(t, "metrics")
	sekisho(t, "lab", "up", oneHub, "--name", name, "--detach")
	_ = exec.Command("sekisho", "lab", "connect", "vm1", "vm2:7", "--lab", name, "--timeout", "500ms").Run()
	socket := "/run/sekisho/" + name + "-fw-a.sock"
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	var text []byte
	await(t, "the denied SYN among the metrics", func() bool {
		response, err := client.Get("http://localhost/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if text, err = io.ReadAll(response.Body); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), fmt.Sprintf("sekisho_events_recorded_total{firewall=%q,flag=\"SYN\"} 1", name+"-fw-a"))
	})
	if !strings.Contains(string(text), `policy="deny-all"`) {
		t.Errorf("no policy among the metrics:\n%s", text)
	}
	config := filepath.Join(t.TempDir(), "fw.yaml")
	text = fmt.Appendf(nil, "name: m\nresourceGroup: %s\nstateFolder: state\nmetrics: {listen: 127.0.0.1:9909}\n", name)
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	// In a namespace of the lab, whose loopback is its own.
	run := exec.Command("sekisho", "lab", "exec", "--lab", name, "vm1", "--", "sekisho", "run", "-c", config)
	var said lockedBuffer
	run.Stderr = &said
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the firewall in vm1", func() bool { return strings.Contains(said.String(), "running") })
	out := sekisho(t, "lab", "exec", "--lab", name, "vm1", "--", "curl", "-sf", "http://127.0.0.1:9909/metrics")
	if !strings.Contains(out, `sekisho_policy_info{firewall="`+name+`-m"`) {
		t.Errorf("on loopback:\n%s", out)
	}
	_ = run.Process.Signal(syscall.SIGTERM)
	if err := run.Wait(); err != nil {
		t.Errorf("%v: %s", err, said.String())
	}
	sekisho(t, "run", "-c", config, "--remove", "--netns", name+"-vm1")
}
