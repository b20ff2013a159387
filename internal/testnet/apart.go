package testnet

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// apart names the test that a process is for.
const apart = "SEKISHO_TESTNET_APART"

// Apart gives a test, or a subtest, a process and a namespace of its own, beside
// those of others: for tests that wait more than they work. It returns true
// there; elsewhere it returns false when that process has ended, and how that
// ended is told. What leads to a subtest must do no work of its own.
func Apart(t *testing.T) bool {
	t.Helper()
	if os.Getenv(apart) == t.Name() {
		return true
	}
	t.Parallel()
	runtime.LockOSThread() // the kernel ends the process when its thread ends
	defer runtime.UnlockOSThread()
	pattern := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	child := exec.Command("/proc/self/exe", "-test.v", "-test.timeout=10m", "-test.run="+pattern)
	child.Env = append(os.Environ(), inside+"=1", apart+"="+t.Name())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	out, err := child.CombinedOutput()
	t.Logf("apart:\n%s", out)
	if err != nil {
		t.Errorf("run in a process of its own: %v", err)
	} else if !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Error("it did not run in the process of its own")
	}
	return false
}
