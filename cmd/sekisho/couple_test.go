package main

import (
	"errors"
	"fmt"
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

	"github.com/sekisho/sekisho/internal/testnet"
)

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
