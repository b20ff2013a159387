package firewall

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/testnet"
)

// TestRowsAreMadeWhereAllCPUsAreBusy has others take all CPU time: the threads that
// make rows give way until rows are late, insist then, and give way again afterwards.
func TestRowsAreMadeWhereAllCPUsAreBusy(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	config := &Config{Name: "busy", ResourceGroup: fmt.Sprintf("t%d", os.Getpid())}
	config.Logs.Workspace = true
	config.Logs.Spool.Folder = t.TempDir()
	fw := startFirewall(t, config, parseEverything(t))
	yields := func(threads int, now bool) {
		t.Helper()
		eventually(t, func() bool {
			bound, giveWay := fw.yields.bound()
			return bound == threads && giveWay == now
		})
	}
	yields(2, true) // the reader, and who closes segments
	before := fw.yields.ended.Load()

	stop := burn(t, 2*runtime.NumCPU())
	client := converse(t, hosts, 100, 100)
	eventually(t, func() bool { return fw.yields.ended.Load() > before })
	eventually(t, func() bool { return len(rowsOf(fw, client)) > 0 })
	if err := fw.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	stop()
	yields(2, true)
}

// burn has processes take all the CPU time that they get.
func burn(t *testing.T, processes int) (stop func()) {
	t.Helper()
	var running []*exec.Cmd
	stop = func() {
		for _, p := range running {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
		running = nil
	}
	t.Cleanup(stop)
	runtime.LockOSThread() // the kernel ends them when this thread ends
	t.Cleanup(runtime.UnlockOSThread)
	for range processes {
		p := exec.Command("sh", "-c", "while :; do :; done")
		p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, p)
	}
	return stop
}

// TestWhoWaitsForRowsDoesNotWaitForIdleCPUs: a command that asks has the threads
// insist.
func TestWhoWaitsForRowsDoesNotWaitForIdleCPUs(t *testing.T) {
	testnet.NeedRoot(t)
	fw := startFirewall(t, &Config{Name: "asked", ResourceGroup: fmt.Sprintf("t%d", os.Getpid())}, parseEverything(t))
	giveWay := func() bool { _, now := fw.yields.bound(); return now }
	eventually(t, giveWay)
	asked := time.Now()
	fw.ToldConnections(0, nil)
	eventually(t, func() bool { return !giveWay() })
	eventually(t, giveWay)
	if after := time.Since(asked); after < insistFor {
		t.Errorf("they give way again after %v, want %v or more", after, insistFor)
	}
}

// TestThreadsDoNotGiveWayWhereThatIsNotWanted is capture.yield: false.
func TestThreadsDoNotGiveWayWhereThatIsNotWanted(t *testing.T) {
	testnet.NeedRoot(t)
	no := false
	config := &Config{Name: "insisting", ResourceGroup: fmt.Sprintf("t%d", os.Getpid())}
	config.Capture.Yield = &no
	fw := startFirewall(t, config, parseEverything(t))
	eventually(t, func() bool { return !fw.recorder.Delivered().IsZero() })
	if threads, now := fw.yields.bound(); threads != 0 || now {
		t.Errorf("%d threads are bound, give way: %v; want none", threads, now)
	}
	m, err := fw.Metrics()
	if err != nil || m.Yielding != nil {
		t.Errorf("metrics tell %v, error %v; want nothing", m.Yielding, err)
	}
}
