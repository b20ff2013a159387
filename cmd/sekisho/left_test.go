package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store/storetest"
)

// ownState gives a test a process in which /var/lib and /run are its own, as on a
// host with nothing but what the test starts. It returns true there; elsewhere it
// returns false when that process has ended, and how that ended is told.
func ownState(t *testing.T) bool {
	t.Helper()
	needRootToTest(t)
	const inside = "SEKISHO_TEST_OWN_STATE"
	if os.Getenv(inside) == t.Name() {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Fatalf("keep mounts private: %v", err)
		}
		for _, dir := range []string{"/var/lib", "/run"} {
			if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
				t.Fatalf("mount %s: %v", dir, err)
			}
		}
		return true
	}
	t.Parallel()
	runtime.LockOSThread() // the kernel ends the process when its thread ends
	defer runtime.UnlockOSThread()
	child := exec.Command("/proc/self/exe", "-test.v", "-test.timeout=5m", "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), inside+"="+t.Name())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := child.CombinedOutput()
	t.Logf("in a process of its own:\n%s", out)
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Errorf("it did not pass in a process of its own: %v", err)
	}
	return false
}

// startedWorkspace runs "sekisho workspace" of a name over a folder, with a spool
// folder beside its file.
func startedWorkspace(t *testing.T, folder, name, data string) *exec.Cmd {
	t.Helper()
	file := filepath.Join(folder, name+".yaml")
	text := fmt.Sprintf("name: %[1]s\nfolder: %[2]s\nspools: [%[1]s-spool]\nquery: {memory: 256MB}\n", name, data)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(folder, name+"-spool"), 0o750); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sekisho", "workspace", "-c", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the workspace "+name, func() bool { return workspaceAnswers(name) })
	return cmd
}

func killed(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

// said runs a program and gives what it wrote, and its exit code.
func said(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("run %v: %v", cmd.Args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestAKilledWorkspaceIsRead kills a workspace with kill -9 and asks its rows in
// all ways, without a word of where they are.
func TestAKilledWorkspaceIsRead(t *testing.T) {
	if !ownState(t) {
		return
	}
	folder := t.TempDir()
	fw, spool := storetest.NewFirewall("fw-a"), filepath.Join(folder, "hub-spool")
	expect := func(code int, stdout, stderr string, args ...string) {
		t.Helper()
		gotOut, gotErr, gotCode := said(t, exec.Command("sekisho", args...))
		if gotCode != code || !strings.Contains(gotOut, stdout) || !strings.Contains(gotErr, stderr) {
			t.Errorf("sekisho %v ended with %d and wrote:\n%s%s\nwant %d and:\n%s\n%s", args, gotCode, gotOut, gotErr, code, stdout, stderr)
		}
		if stderr == "" && gotErr != "" {
			t.Errorf("sekisho %v complains:\n%s", args, gotErr)
		}
	}
	const place = "/var/lib/sekisho/workspace" // needs no link
	const count = "AZFWFlowTrace | count"
	expect(1, "", "no workspace answers: start one", "query", count)
	hub := startedWorkspace(t, folder, "hub", "hub-data")
	fw.Close(t, spool, fw.Trace(lastTuesday, time.Second, 0, 30))
	fw.Close(t, spool, []logs.Row{fw.Connection(lastTuesday, netip.MustParseAddrPort("10.1.1.4:40000"), netip.MustParseAddrPort("10.2.1.4:22"), flow.NoReply)})
	until(t, "Count\n30\n", func() string { return sekisho(t, "query", "-o", "csv", count) })
	until(t, "Count\n1\n", func() string { return sekisho(t, "query", "-o", "csv", "Connection | count") })
	killed(t, hub)

	left := "sekisho: no workspace answers: reading " + filepath.Join(folder, "hub-data") + ", as it was left at " + time.Now().UTC().Format(time.DateOnly)
	expect(0, "Count\n30\n", left, "query", "-o", "csv", count)
	expect(0, "Count\n30\n", left, "query", "-o", "csv", "--workspace", "hub", count)
	expect(0, "Count\n30\n", left, "query", "-o", "csv", "--firewall", "fw-a", count)
	expect(0, "AZFWFlowTrace", left, "tables")
	expect(0, "10.1.1.4", left, "connections", "--since", "2026-11-24")
	expect(0, "09:17:29", "", "trace", "--folder", filepath.Join(folder, "hub-data"), "-n", "1", "--table", "AZFWFlowTrace")
	expect(0, "09:17:29", left, "trace", "-n", "1", "--since", "2026-11-24", "--table", "AZFWFlowTrace")
	expect(1, `"fw-a"`, left, "diagnose", "10.1.1.4", "10.2.1.4:22", "--at", "2026-11-24T09:17:02Z", "-o", "json")
	expect(0, "x\n1\n", "", "query", "-o", "csv", "print x = 1")

	fw.Close(t, spool, fw.Trace(lastTuesday.Add(time.Minute), time.Second, 30, 10))
	expect(0, "Count\n40\n", " for it\n", "query", "-o", "csv", count)
	if waits := storetest.Files(t, spool); len(waits) != 1 {
		t.Errorf("who reads changed the spool folder: %v", waits)
	}
	expect(2, "", "--memory 1MB is not a size, or too little", "query", "--memory", "1MB", count)
	expect(2, "", "--threads -1 is not a number", "query", "--threads", "-1", count)

	killed(t, startedWorkspace(t, folder, "spoke", place))
	expect(1, "", "rows of several are left: which?\n  --folder "+filepath.Join(folder, "hub-data")+" (workspace hub)\n  --folder "+place+" (workspace spoke)\n", "query", count)
	expect(1, "", "hint: rows of others are left\n  --folder", "query", "--workspace", "other", count)
	expectDenied(t, "hub")

	hub = startedWorkspace(t, folder, "hub", "hub-data") // takes what waits, and all is as if it had never been away
	until(t, "Count\n40\n", func() string { return sekisho(t, "query", "-o", "csv", "--workspace", "hub", count) })
	killed(t, hub)
	if err := os.RemoveAll(filepath.Join(folder, "hub-data")); err != nil {
		t.Fatal(err)
	}
	expect(0, "Count\n0\n", "reading "+place, "query", "-o", "csv", count)
}

// nobody gives a command that a user without rights runs, who keeps state in home.
func nobody(t *testing.T, home string, args ...string) *exec.Cmd {
	t.Helper()
	const program = "/run/bin/sekisho" // what the test has is in a folder of its own
	if _, err := os.Stat(program); err != nil {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(program, nil, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount(self, program, "", unix.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = "/", []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + home + "/run", "TMPDIR=/tmp"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return cmd
}

// expectDenied asks as a user who may not read the folder of a workspace.
func expectDenied(t *testing.T, name string) {
	t.Helper()
	_, stderr, code := said(t, nobody(t, "/nowhere", "query", "--workspace", name, "AZFWFlowTrace | count"))
	if code != exitFailure || !strings.Contains(stderr, "permission denied\n  hint: run as root, or as a member of the group") {
		t.Errorf("another user is told (exit code %d):\n%s", code, stderr)
	}
}

// TestAUsersKilledWorkspaceIsRead is about one that a user runs who may not write to
// the system's folders.
func TestAUsersKilledWorkspaceIsRead(t *testing.T) {
	if !ownState(t) {
		return
	}
	if err := os.Mkdir("/var/lib/sekisho", 0o700); err != nil { // perhaps there are others, who knows
		t.Fatal(err)
	}
	home := "/run/home"
	if err := errors.Join(os.Mkdir(home, 0o700), os.WriteFile(home+"/w.yaml", []byte("name: own\nfolder: rows\n"), 0o644), os.Chown(home, 65534, 65534)); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := said(t, nobody(t, home, "query", "Heartbeat")); code != exitFailure || !strings.Contains(stderr, "read /var/lib/sekisho/workspace/segments: permission denied\n  hint") {
		t.Errorf("who may not look is told (exit code %d):\n%s", code, stderr)
	}
	cmd := nobody(t, home, "workspace", "-c", home+"/w.yaml")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ask := func() (string, string, int) {
		return said(t, nobody(t, home, "query", "-o", "csv", "Heartbeat | count"))
	}
	await(t, "the workspace", func() bool { _, _, code := ask(); return code == 0 })
	killed(t, cmd)
	stdout, stderr, code := ask()
	if code != 0 || !strings.HasPrefix(stdout, "Count\n") || !strings.HasPrefix(stderr, "sekisho: no workspace answers: reading "+home+"/rows, as it was left at ") {
		t.Errorf("the user is told (exit code %d):\n%s%s", code, stdout, stderr)
	}
	if info, err := os.Stat(home + "/rows"); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("the folder is %v, %v", info, err)
	}
	if to, err := os.Readlink(home + "/.local/state/sekisho/workspaces/own"); err != nil || to != home+"/rows" {
		t.Errorf("the link is to %q, %v", to, err)
	}
}
