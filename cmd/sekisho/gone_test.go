package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/control"
)

// A firewall whose network namespace is deleted is taken away as any other, but not
// while its process is there, nor where the namespace has another name.
func TestRemoveWithoutItsNamespace(t *testing.T) {
	needRootToTest(t)
	name := fmt.Sprintf("gone%d", os.Getpid())
	other := name + "-other"
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
	file := filepath.Join(t.TempDir(), "fw.yaml")
	state := filepath.Join(t.TempDir(), "state")
	text := fmt.Sprintf("name: %[1]s\nnetworkNamespace: %[1]s\nstateFolder: %[2]s\nsettingsFile: %[2]s.json\n", name, state)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	remove := func(code int, says string) {
		t.Helper()
		_, stderr, got := said(t, exec.Command("sekisho", "run", "-c", file, "--remove"))
		if got != code || !strings.Contains(stderr, says) {
			t.Errorf("--remove ended with %d: %s\nwant %d: %s", got, stderr, code, says)
		}
	}
	ip("netns", "add", name)
	cmd := exec.Command("sekisho", "run", "-c", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the firewall", func() bool { _, err := os.Stat(control.SocketPath(name)); return err == nil })
	ip("netns", "attach", other, fmt.Sprint(cmd.Process.Pid))
	ip("netns", "del", name)
	remove(1, "still runs")
	killed(t, cmd)
	remove(1, "use --netns "+other)
	ip("netns", "del", other)
	remove(0, fmt.Sprintf("network namespace %q is gone", name))
	for _, left := range []string{capture.PinPath(name), state} {
		if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", left, err)
		}
	}
	remove(0, "") // what is not there is taken away at once
	_ = os.Remove(control.SocketPath(name))
}
