package lab

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netns"

	"github.com/sekisho/sekisho/internal/document"
)

// supervisorProcess runs Up in a process of its own, until it has said a line
// that begins with until.
func supervisorProcess(t *testing.T, name, text, until string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stdin = strings.NewReader(text)
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), until) {
			return cmd
		}
	}
	t.Fatalf("the supervisor has ended without saying %q", until)
	return nil
}

func TestDownStopsASupervisor(t *testing.T) {
	t.Parallel()
	name := labName(t, "down")
	cmd := supervisorProcess(t, name, oneNetwork, "up")
	if _, err := Up(t.Context(), parse(t, oneNetwork), Options{Name: name}); !errors.As(err, new(document.Problem)) {
		t.Errorf("Up() of a lab that is up: error %v, want a document.Problem", err)
	}
	l, err := Open(name)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	connect(t, l, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
	if err := Down(t.Context(), name, nil); err != nil {
		t.Fatalf("Down() error:\n%+v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the supervisor has ended with %v", err)
	}
	checkGone(t, name)
	if err := Down(t.Context(), name, nil); err != nil {
		t.Errorf("second Down() error:\n%+v", err)
	}
	if _, err := Open(name); !errors.As(err, new(document.Problem)) {
		t.Errorf("Open() of a lab that is down: error %v, want a document.Problem", err)
	}
}

// TestDownAfterACrash kills Up at several points: as soon as it speaks, some
// time later, and when all runs.
func TestDownAfterACrash(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		topology string
		until    string
		delay    time.Duration
	}{
		{"begin", fortySpokes(), "making", 0},
		{"early", fortySpokes(), "making", 20 * time.Millisecond},
		{"late", fortySpokes(), "making", 80 * time.Millisecond},
		{"keys", oneNetwork, "making SSH keys", 10 * time.Millisecond},
		{"up", oneNetwork, "up", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := labName(t, "kill-"+c.name)
			cmd := supervisorProcess(t, name, c.topology, c.until)
			time.Sleep(c.delay)
			kill(t, cmd)
			if !exists(folderOf(name, stateFile)) {
				t.Errorf("Up has made things before the state was written")
			}
			if err := Down(t.Context(), name, nil); err != nil {
				t.Errorf("Down() error:\n%+v", err)
			}
			checkGone(t, name)
		})
	}
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

func TestUpCleansUpAfterACrash(t *testing.T) {
	t.Parallel()
	name := labName(t, "again")
	kill(t, supervisorProcess(t, name, oneNetwork, "up"))
	status, err := ReadStatus(name)
	if err != nil || status.Supervisor.Alive || !status.Ready {
		t.Errorf("ReadStatus() = %+v, %v, want a dead supervisor", status, err)
	}
	var said []string
	s, err := Up(t.Context(), parse(t, oneNetwork), Options{Name: name, Progress: func(m string) { said = append(said, m) }})
	if err != nil {
		t.Fatalf("Up() error:\n%+v", err)
	}
	connect(t, s.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
	if err := s.Close(); err != nil {
		t.Errorf("Close() error:\n%+v", err)
	}
	if len(said) == 0 || !strings.Contains(said[0], "cleaning up") {
		t.Errorf("Up() has said %q, want what it cleans up first", said)
	}
}

// TestDownWithoutState has only the marks of the namespaces to go by, and two
// names of which one begins with the other.
func TestDownWithoutState(t *testing.T) {
	t.Parallel()
	name := labName(t, "lost")
	other := bringUp(t, "lost-one", oneNetwork, Options{})
	kill(t, supervisorProcess(t, name, oneNetwork, "up"))
	if err := os.RemoveAll(folderOf(name)); err != nil {
		t.Fatal(err)
	}
	if err := Down(t.Context(), name, nil); err != nil {
		t.Fatalf("Down() error:\n%+v", err)
	}
	if left, _ := filepath.Glob(namespaceFolder + "/" + name + "-fw"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	connect(t, other.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
}

func TestUpRefusesForeignNamespaces(t *testing.T) {
	t.Parallel()
	name := labName(t, "foreign")
	foreign := namespaceOf(name, "server")
	t.Cleanup(func() { // before labName's, which looks for what is left
		if err := deleteNamespace(foreign); err != nil {
			t.Error(err)
		}
	})
	if err := onOwnThread(func() error {
		handle, err := netns.NewNamed(foreign)
		if err == nil {
			handle.Close()
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_, err := Up(t.Context(), parse(t, oneNetwork), Options{Name: name})
	if !errors.As(err, new(document.Problem)) {
		t.Errorf("Up() error %v, want a document.Problem", err)
	}
	if err := Down(t.Context(), name, nil); err != nil {
		t.Errorf("Down() error:\n%+v", err)
	}
	if !exists(filepath.Join(namespaceFolder, foreign)) {
		t.Error("Down() has deleted a namespace that is not the lab's")
	}
}

func TestDownKillsInhabitants(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "guests", hubAndSpokes, Options{})
	// A shell that ignores what it can and leaves a child behind.
	cmd := exec.Command("sh", "-c", "trap '' TERM HUP INT; sleep 300 & sleep 300")
	if err := s.Start("a", cmd); err != nil {
		t.Fatalf("Start() error:\n%+v", err)
	}
	if err := os.WriteFile(filepath.Join(runFolder, s.Name()+"-fw.sock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close() error:\n%+v", err)
	}
	if err := Down(t.Context(), s.Name(), nil); err != nil {
		t.Errorf("Down() error:\n%+v", err)
	}
	status, ok := waitStatus(cmd)
	if !ok || status.Signal() != syscall.SIGKILL {
		t.Errorf("the shell has ended with %v, want SIGKILL", cmd.ProcessState)
	}
	checkGone(t, s.Name())
}

func waitStatus(cmd *exec.Cmd) (syscall.WaitStatus, bool) {
	_ = cmd.Wait()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return status, ok
}

func TestUpFailsCleanly(t *testing.T) {
	t.Parallel()
	name := labName(t, "fail")
	broken := errors.New("no such program")
	_, err := Up(t.Context(), parse(t, oneNetwork), Options{Name: name,
		StartFirewall: func(context.Context, FirewallSpec) (Process, error) { return nil, broken }})
	if !errors.Is(err, broken) {
		t.Errorf("Up() error %v, want %v", err, broken)
	}
	checkGone(t, name)

	ctx, cancel := context.WithCancel(t.Context())
	_, err = Up(ctx, parse(t, oneNetwork), Options{Name: name, Progress: func(string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Up() error %v, want it cancelled", err)
	}
	checkGone(t, name)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
