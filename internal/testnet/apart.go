package testnet

import (
	"flag"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
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
	child := exec.Command("/proc/self/exe", append(ownFlags(), "-test.v", "-test.timeout="+patience(t), "-test.run="+pattern)...)
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

// ownFlags are the flags of the package's own tests that were given.
func ownFlags() (flags []string) {
	flag.Visit(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") {
			flags = append(flags, "-"+f.Name+"="+f.Value.String())
		}
	})
	return flags
}

// patience is a little less than what is left for the test, so that it is the process
// of its own that says where it hangs.
func patience(t *testing.T) string {
	end, some := t.Deadline()
	if !some {
		return "0"
	}
	return max(time.Until(end)-5*time.Second, time.Second).String()
}
