package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/testnet"
	"github.com/sekisho/sekisho/internal/workspace"
)

var (
	kills = flag.Int("kills", 12, "how often a firewall, its workspace or both are killed")
	seed  = flag.Uint64("seed", 1, "says which, and when")
)

// TestKilledTogether kills a firewall and its workspace with kill -9 at random
// moments under load: one of them, or both, while they start too. No query sees a row
// twice, or misses one that was there. In the end each event that the program in the
// kernel has counted has its row, once, or is told to be lost; and the workspace's
// list and its files agree.
func TestKilledTogether(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	t.Logf("-kills %d -seed %d", *kills, *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	pause := func(most int) { time.Sleep(time.Duration(random.IntN(most)) * time.Millisecond) }
	c := newCouple(t, "{workspace: true, foldRate: 1000000, spool: {folder: spool/fw-a, every: 50ms}}")
	c.startWorkspace(t)
	c.awaitBoth(t) // the firewall's rules come first: what passes before is nobody's
	endLoad, endAsking := c.load(t), c.ask(t)
	for range *kills {
		pause(1500)
		victims := [][]*mortal{{c.firewall}, {c.workspace}, {c.firewall, c.workspace}, {c.workspace, c.firewall}}[random.IntN(4)]
		for _, v := range victims {
			v.kill(t)
			pause(100)
		}
		for _, v := range victims {
			pause(100)
			v.start(t)
		}
	}
	c.awaitBoth(t)
	endLoad()
	endAsking()
	time.Sleep(1200 * time.Millisecond) // losses are told once a second
	c.checkBooks(t)
}

// couple is a firewall, and the workspace that its rows come to.
type couple struct {
	served
	folder              string
	firewall, workspace *mortal
}

// newCouple starts the firewall, whose log file says how it logs, and prepares its
// workspace.
func newCouple(t *testing.T, logs string) *couple {
	t.Helper()
	c := &couple{folder: t.TempDir()}
	c.name, c.hosts = fmt.Sprintf("t%d-couple", os.Getpid()), testnet.NewHosts(t)
	c.config = filepath.Join(c.folder, "fw.yaml")
	unregister(t, c.name)
	c.listen(t)
	for name, text := range map[string]string{
		"fw.yaml": fmt.Sprintf("name: fw-a\nresourceGroup: %s\nfirewallPolicy: policy.yaml\nstateFolder: state\nsettingsFile: settings.json\n"+
			"logs: %s\n", c.name, logs),
		"policy.yaml": strings.ReplaceAll(servePolicy, "PORT", fmt.Sprint(c.server.Port())),
		"ws.yaml":     fmt.Sprintf("name: %s\nfolder: data\nspools: [spool]\nquery: {memory: 256MB, threads: 1}\n", c.name),
	} {
		if err := os.WriteFile(filepath.Join(c.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = exec.Command("sekisho", "run", "-c", c.config, "--remove").Run() })
	c.firewall = newMortal(t, "run", "-c", c.config)
	await(t, "the firewall", func() bool { return c.firewallPID(t) != 0 })
	return c
}

func (c *couple) startWorkspace(t *testing.T) {
	t.Helper()
	c.workspace = newMortal(t, "workspace", "-c", filepath.Join(c.folder, "ws.yaml"))
}

func (c *couple) awaitBoth(t *testing.T) {
	t.Helper()
	await(t, "the firewall", func() bool { return c.firewallPID(t) == c.firewall.cmd.Process.Pid })
	await(t, "the workspace", func() bool { return workspaceAnswers(c.name) })
}

// load makes connections until end: most are let through, some are denied.
func (c *couple) load(t *testing.T) (end func()) {
	t.Helper()
	var done atomic.Bool
	var workers sync.WaitGroup
	for range 3 {
		workers.Go(func() {
			_ = c.hosts.Client.Do(func() error {
				for n := 0; !done.Load(); n++ {
					to, patience := c.server, 5*time.Second
					if n%20 == 0 {
						to, patience = netip.AddrPortFrom(to.Addr(), 9), 30*time.Millisecond
					}
					if s, err := net.DialTimeout("tcp", to.String(), patience); err == nil {
						_, _ = s.Read(make([]byte, 1)) // until the server has closed
						s.Close()
					}
					time.Sleep(5 * time.Millisecond)
				}
				return nil
			})
		})
	}
	end = sync.OnceFunc(func() { done.Store(true); workers.Wait() })
	t.Cleanup(end)
	return end
}

const (
	events  = "AZFWFlowTrace | where Flag != 'IGNORED' | " // of ignored packets there are no events
	counted = events + "summarize Rows = count(), Numbers = count_distinct(strcat(EventBoot, ' ', EventCpu, ' ', EventNumber))"
)

// ask counts again and again until end, whether a workspace runs or not.
func (c *couple) ask(t *testing.T) (end func()) {
	t.Helper()
	stop, asked := make(chan struct{}), make(chan int)
	go func() {
		last, n := int64(0), 0
		for {
			select {
			case <-stop:
				asked <- n
				return
			case <-time.After(200 * time.Millisecond):
			}
			rows, numbers, err := c.count(t)
			if err != nil {
				continue // nobody answers, or is killed while it does
			}
			if n++; rows != numbers || rows < last {
				t.Errorf("a query saw %d rows with %d numbers, after %d rows", rows, numbers, last)
			}
			last = rows
		}
	}()
	return func() {
		close(stop)
		if n := <-asked; n < *kills/4 {
			t.Errorf("only %d queries were answered", n)
		}
	}
}

// count asks the workspace, without a word to the firewall before.
func (c *couple) count(t *testing.T) (rows, numbers int64, err error) {
	a, err := workspace.NewClient(workspace.SocketPath(c.name)).Query(t.Context(), store.Query{Text: counted})
	if err != nil {
		return 0, 0, err
	}
	table, err := result.Read(a.Rows)
	if err != nil {
		return 0, 0, err
	}
	return table.Data[0][0].(int64), table.Data[0][1].(int64), nil
}

// checkBooks compares the counters of the program in the kernel with what is stored,
// as the list has it and as the files have it.
func (c *couple) checkBooks(t *testing.T) {
	t.Helper()
	status, err := control.NewClient(c.name + "-fw-a").Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.firewall.end(t)
	spool := filepath.Join(c.folder, "spool")
	await(t, "the last segments", func() bool { return len(storetest.Files(t, spool)) == 0 })
	recorded, lost := capture.Total(status.Capture.Recorded), capture.Total(status.Capture.Lost)
	if recorded < 200 {
		t.Errorf("only %d events: there was no load", recorded)
	}
	want := fmt.Sprintf("%d,%d\n%d", recorded, recorded, lost)
	of := []string{"--workspace", c.name}
	if got := c.stored(t, of); got != want {
		t.Errorf("rows, their numbers, and those told to be lost:\n%s\nwant\n%s\nof %s", got, want, c.losses(t, of))
	}
	c.workspace.end(t)
	for _, list := range []string{"with its list", "without its list"} {
		of = []string{"--folder", filepath.Join(c.folder, "data")}
		if got := c.stored(t, of); got != want {
			t.Errorf("the folder %s has\n%s\nwant\n%s\nof %s", list, got, want, c.losses(t, of))
		}
		if err := os.Remove(filepath.Join(c.folder, "data", "segments", "list")); list == "with its list" && err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d events recorded and %d lost in the kernel", recorded, lost)
}

// stored are the rows and their numbers, and how many events are told to be lost. Of
// rows none may be lost on their way.
func (c *couple) stored(t *testing.T, of []string) string {
	t.Helper()
	ask := func(text string) string {
		out := sekisho(t, append([]string{"query", "-o", "csv", text}, of...)...)
		_, values, _ := strings.Cut(strings.TrimSpace(out), "\n")
		return values
	}
	return ask(counted) + "\n" + ask("CaptureLoss | where Place !in ('nflog', 'reason-join') | summarize sum(Count)")
}

func (c *couple) losses(t *testing.T, of []string) string {
	t.Helper()
	return sekisho(t, append([]string{"query", "CaptureLoss | summarize sum(Count) by Place, Kind, Reason"}, of...)...)
}

// mortal is a process of this program that is going to be killed.
type mortal struct {
	args []string
	cmd  *exec.Cmd
	said lockedBuffer
}

func newMortal(t *testing.T, args ...string) *mortal {
	t.Helper()
	m := &mortal{args: args}
	m.start(t)
	t.Cleanup(func() {
		_ = m.cmd.Process.Signal(syscall.SIGTERM) // where it has not ended
		_ = m.cmd.Wait()
		if said := m.said.String(); t.Failed() {
			t.Logf("sekisho %s said:\n%s", args[0], said[max(0, len(said)-4000):])
		}
	})
	return m
}

func (m *mortal) start(t *testing.T) {
	t.Helper()
	m.cmd = exec.Command("sekisho", m.args...)
	m.cmd.Stdout, m.cmd.Stderr, m.cmd.WaitDelay = &m.said, &m.said, time.Second
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// kill ends the process at once; that it has ended by itself is an error.
func (m *mortal) kill(t *testing.T) {
	t.Helper()
	if err := m.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	err := m.cmd.Wait()
	if status, ok := m.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("sekisho %s ended by itself: %v", m.args[0], err)
	}
}

// end ends it in order.
func (m *mortal) end(t *testing.T) {
	t.Helper()
	if err := m.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := m.cmd.Wait(); err != nil {
		t.Fatalf("sekisho %s ended with %v", m.args[0], err)
	}
}
