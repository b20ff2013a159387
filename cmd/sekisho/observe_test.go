package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/control"
)

// TestObserveEndsWithItsReader has nobody read what observe shows, as head does
// when it has seen enough: it ends, though no packet comes, and what it changed is
// put back.
func TestObserveEndsWithItsReader(t *testing.T) {
	needRootToTest(t)
	t.Parallel()
	for word, begun := range map[string]string{"unread": "", "enough": "looking on"} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			observeUntilUnread(t, word, begun)
		})
	}
}

// observeUntilUnread has nobody read any more from when observe has said something.
func observeUntilUnread(t *testing.T, word, begun string) {
	name, settings := placeToObserve(t, word)
	before := settings()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sekisho", "observe", "--netns", name, "--name", name)
	var said lockedBuffer
	cmd.Stdout, cmd.Stderr = write, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	await(t, "what it says", func() bool { return strings.Contains(said.String(), begun) })
	read.Close()
	late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitPipe {
		t.Errorf("it ended with %v, want exit code %d; it said:\n%s", err, exitPipe, said.String())
	}
	if after := settings(); after != before {
		t.Errorf("settings before:\n%s\nand after:\n%s", before, after)
	}
}

// A second one of the same name, in another namespace, says what to do, and leaves
// its namespace as it was.
func TestASecondObserverIsToldOfName(t *testing.T) {
	needRootToTest(t)
	t.Parallel()
	name, _ := placeToObserve(t, "first")
	other, settings := placeToObserve(t, "second")
	before := settings()
	first := exec.Command("sekisho", "observe", "--netns", name, "--name", name)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer killed(t, first)
	await(t, "the first", func() bool { _, err := os.Stat(control.SocketPath(name)); return err == nil })
	_, stderr, code := said(t, exec.Command("sekisho", "observe", "--netns", other, "--name", name))
	if code != exitFailure || !strings.Contains(stderr, "is already running") || !strings.Contains(stderr, "--name") {
		t.Errorf("it ended with %d: %s", code, stderr)
	}
	if after := settings(); after != before {
		t.Errorf("settings before:\n%s\nand after:\n%s", before, after)
	}
}

// placeToObserve is a namespace, and what observe sets there.
func placeToObserve(t *testing.T, word string) (name string, settings func() string) {
	t.Helper()
	name = fmt.Sprintf("t%d-%s", os.Getpid(), word)
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		t.Fatalf("ip netns add: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
	return name, func() string {
		t.Helper()
		out, err := exec.Command("ip", "netns", "exec", name, "sh", "-c", "cd /proc/sys/net/netfilter && cat nf_log/2 && { cat nf_conntrack_log_invalid 2>/dev/null || echo 0; }; nft list tables").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
}

// TestObserveKilled has the command killed: its guard puts back what it changed.
func TestObserveKilled(t *testing.T) {
	needRootToTest(t)
	t.Parallel()
	name, settings := placeToObserve(t, "killed")
	before := settings()
	cmd := exec.Command("sekisho", "observe", "--netns", name, "--name", name)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	begun := false
	for lines := bufio.NewScanner(said); !begun && lines.Scan(); {
		begun = strings.Contains(lines.Text(), "looking on")
	}
	changed := settings()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it says that it was killed
	if !begun || changed == before {
		t.Fatalf("it has not begun: settings\n%s", changed)
	}
	after, socket := settings(), control.SocketPath(name)
	for range 500 {
		if _, err = os.Stat(socket); after == before && errors.Is(err, os.ErrNotExist) {
			return
		}
		time.Sleep(20 * time.Millisecond)
		after = settings()
	}
	t.Errorf("settings before:\n%s\nand after:\n%s\n%s: %v", before, after, socket, err)
}
