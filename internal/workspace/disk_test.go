package workspace_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// insideDisk has the test binary run one test again, in a mount namespace of its
// own with a small disk.
const insideDisk = "SEKISHO_TEST_DISK"

// onSmallDisk runs the rest of the test in a process that alone sees a disk of
// that size: a workspace has many threads, and they must all see it.
func onSmallDisk(t *testing.T, bytes int) (folder string) {
	t.Helper()
	if folder := os.Getenv(insideDisk); folder != "" {
		if err := unix.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
			t.Fatalf("mount: %v", err)
		}
		return folder
	}
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs root and must not be skipped in CI")
		}
		t.Skip("needs root: a file system of its own")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), insideDisk+"="+t.TempDir())
	cmd.SysProcAttr = &unix.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("on a small disk: %v\n%s", err, out)
	}
	return ""
}

// A full disk: segments wait in their spool, on another disk; queries go on;
// when there is room the rest is taken, each row once.
func TestAFullDisk(t *testing.T) {
	disk := onSmallDisk(t, 2<<20)
	if disk == "" {
		return
	}
	elsewhere := t.TempDir() // not on the small disk
	spool := makeFolder(t, filepath.Join(elsewhere, "spool"))
	if err := os.Symlink(spool, filepath.Join(disk, "spool")); err != nil {
		t.Fatal(err)
	}
	w := start(t, disk)
	fw := storetest.NewFirewall("fw-a")
	now := time.Now().Add(-time.Minute)
	fw.Close(t, spool, fw.Trace(now, time.Microsecond, 0, 100))
	until(t, w, "AZFWFlowTrace | count", "100")
	filler := filepath.Join(disk, "filler")
	if err := fill(filler); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	for i := range uint32(5) {
		fw.Close(t, spool, fw.Trace(now, time.Microsecond, 100+10000*i, 10000))
	}
	for begin := time.Now(); w.Status().Stuck == ""; time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("a full disk is not noticed")
		}
	}
	until(t, w, "AZFWFlowTrace | summarize count(), dcount(EventNumber)", "100 100")
	if told := w.log.String(); !strings.Contains(told, "segments wait in their spool folders") || !strings.Contains(told, "no space left") {
		t.Errorf("it is not told that the disk is full:\n%s", told)
	}
	workspace.TendNow(t.Context(), w.Workspace) // fails, or has nothing to do, and harms nothing
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	until(t, w, "AZFWFlowTrace | summarize count(), dcount(EventNumber)", "50100 50100")
	if s := w.Status(); s.Waiting != 0 || s.Stuck != "" || len(storetest.Files(t, spool)) != 0 {
		t.Errorf("once there is room: %+v", s)
	}
}

func fill(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return err
		}
	}
}
