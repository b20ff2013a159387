package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/testnet"
	"github.com/sekisho/sekisho/internal/workspace"
)

// served is a `sekisho serve` between a client and a server.
type served struct {
	cmd    *exec.Cmd
	said   lockedBuffer
	name   string // of the workspace, and the resource group of the firewall
	config string // the firewall's file
	hosts  *testnet.Hosts
	server netip.AddrPort
}

// TestServe runs a firewall and a workspace as users do, kills one after the
// other with kill -9, and asks: each connection is there once, at once, though the
// firewall closes a segment only every 20 s by itself.
func TestServe(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	s := startServe(t)
	s.connect(t, 5)
	s.expectSYNs(t, 5)
	if out := sekisho(t, "tables", "--workspace", s.name); !strings.Contains(out, "AZFWFlowTrace") || !strings.Contains(out, "CaptureState") {
		t.Errorf("sekisho tables says:\n%s", out)
	}
	kill(t, s.firewallPID(t))
	s.connect(t, 5) // nobody reads, the kernel records
	await(t, "the firewall's process", func() bool { return s.firewallPID(t) != 0 })
	s.expectSYNs(t, 10)
	kill(t, childOf(t, s.cmd.Process.Pid, "workspace"))
	s.connect(t, 5) // their segments wait in the spool
	await(t, "the workspace's process", func() bool { return workspaceAnswers(s.name) })
	s.expectSYNs(t, 15)
	s.connect(t, 5)
	s.expectOverAPI(t, 20)
	s.end(t)
}

// expectOverAPI asks as Log Analytics' clients do, on the socket, with one question:
// the workspace itself asks the firewall for what it has.
func (s *served) expectOverAPI(t *testing.T, want int) {
	t.Helper()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", workspace.SocketPath(s.name))
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial}}
	begin := time.Now() // the firewall may be asked a little later, and its ring is read then
	await(t, "a row over the API", func() bool {
		resp, err := client.Post("http://localhost/v1/workspaces/"+s.name+"/query", "application/json",
			strings.NewReader(`{"query": "AZFWFlowTrace | where Flag == 'SYN' | count"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return err == nil && strings.Contains(strings.ReplaceAll(string(text), " ", ""), fmt.Sprintf(`"rows":[[%d]]`, want))
	})
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("rows were found over the API after %v: the firewall itself takes no longer", took)
	}
}

// TestServeTakesItsFirewallAlong kills serve: a firewall that went on would keep
// the next serve from starting its own. That of a named namespace begins anew
// there, from another thread.
func TestServeTakesItsFirewallAlong(t *testing.T) {
	needRootToTest(t)
	t.Parallel()
	folder, name, address := t.TempDir(), fmt.Sprintf("t%d-along", os.Getpid()), freeAddress(t)
	unregister(t, name)
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		t.Fatalf("ip netns add: %v\n%s", err, out)
	}
	config := filepath.Join(folder, "fw.yaml")
	t.Cleanup(func() {
		var left []firewall.Status // where the test failed
		if out, err := exec.Command("sekisho", "status", name, "-o", "json").Output(); err == nil && json.Unmarshal(out, &left) == nil {
			for _, s := range left {
				_ = syscall.Kill(s.PID, syscall.SIGTERM)
			}
		}
		_ = exec.Command("sekisho", "run", "-c", config, "--remove").Run()
		_ = exec.Command("ip", "netns", "del", name).Run()
	})
	for file, text := range map[string]string{
		"fw.yaml": fmt.Sprintf("name: %s\nnetworkNamespace: %s\nstateFolder: state\nsettingsFile: settings.json\n", name, name),
		"ws.yaml": fmt.Sprintf("name: %s\nfolder: data\nquery: {memory: 256MB}\nlisten: {address: %q}\n", name, address),
	} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said lockedBuffer
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("sekisho serve said:\n%s", said.String())
		}
	})
	cmd := exec.Command("sekisho", "serve", "-c", config, "--workspace", filepath.Join(folder, "ws.yaml"), "--user", "root", "--anonymous-loopback")
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &said, &said, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := func() bool { return exec.Command("sekisho", "status", name).Run() == nil }
	await(t, "the firewall", answers)
	await(t, "the workspace", func() bool { return workspaceAnswers(name) })
	if got := post(t, "http://"+address+"/v1/workspaces/"+name+"/query", `{"query":"print x = 41 + 1"}`); !strings.Contains(got, "42") {
		t.Errorf("with --anonymous-loopback the workspace answers who has no token:\n%s", got)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	await(t, "the firewall's end", func() bool { return !answers() })
	await(t, "the workspace's end", func() bool { return !workspaceAnswers(name) })
}

func startServe(t *testing.T) *served {
	t.Helper()
	folder := t.TempDir()
	s := &served{name: fmt.Sprintf("t%d-serve", os.Getpid()), config: filepath.Join(folder, "fw.yaml"), hosts: testnet.NewHosts(t)}
	unregister(t, s.name)
	s.listen(t)
	for name, text := range map[string]string{
		"fw.yaml": fmt.Sprintf("name: fw-a\nresourceGroup: %s\nfirewallPolicy: policy.yaml\nstateFolder: state\nsettingsFile: settings.json\n"+
			"logs: {workspace: true, spool: {folder: spool/fw-a, every: 20s}}\n", s.name),
		"policy.yaml": strings.ReplaceAll(servePolicy, "PORT", fmt.Sprint(s.server.Port())),
		"ws.yaml":     fmt.Sprintf("name: %s\nfolder: data\nspools: [spool]\nquery: {memory: 256MB}\n", s.name),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.cmd = exec.Command("sekisho", "serve", "-c", s.config, "--workspace", filepath.Join(folder, "ws.yaml"), "--user", "root")
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.cmd.Process.Signal(syscall.SIGTERM) // where it has not ended
		_ = s.cmd.Wait()
		_ = exec.Command("sekisho", "run", "-c", s.config, "--remove").Run()
		if t.Failed() {
			t.Logf("sekisho serve said:\n%s", s.said.String())
		}
	})
	await(t, "the firewall", func() bool { return s.firewallPID(t) != 0 })
	await(t, "the workspace", func() bool { return workspaceAnswers(s.name) })
	return s
}

// unregister has a workspace of this test forgotten at its end.
func unregister(t *testing.T, name string) {
	t.Helper()
	t.Cleanup(func() { _ = os.Remove(filepath.Join("/var/lib/sekisho/workspaces", name)) })
}

// workspaceAnswers reports whether the workspace of a name runs.
func workspaceAnswers(name string) bool {
	_, runs := workspace.Running(context.Background())[name]
	return runs
}

const servePolicy = `
name: serve
ruleCollectionGroups:
  - name: g
    priority: 100
    ruleCollections:
      - {name: c, priority: 100, action: {type: Allow}, rules: [{name: r, ipProtocols: [TCP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["PORT"]}]}
`

// listen has the server accept connections and close them.
func (s *served) listen(t *testing.T) {
	t.Helper()
	var l net.Listener
	err := s.hosts.Server.Do(func() (err error) {
		l, err = net.Listen("tcp", netip.AddrPortFrom(s.hosts.Server.Address, 0).String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s.server = netip.MustParseAddrPort(l.Addr().String())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
}

// connect makes connections, one after the other.
func (s *served) connect(t *testing.T, n int) {
	t.Helper()
	for range n {
		err := s.hosts.Client.Do(func() error {
			c, err := net.DialTimeout("tcp", s.server.String(), 5*time.Second)
			if err != nil {
				return err
			}
			_, _ = c.Read(make([]byte, 1)) // until the server has closed
			return c.Close()
		})
		if err != nil {
			t.Fatalf("connect: %v", err)
		}
	}
}

// expectSYNs asks for the SYNs, each of which has a number and a connection of
// its own, and tells how long it took until all were there.
func (s *served) expectSYNs(t *testing.T, want int) {
	t.Helper()
	begin := time.Now()
	wanted := fmt.Sprintf("%d,%d,%d", want, want, want)
	var got string
	await(t, wanted+" SYNs", func() bool {
		out := sekisho(t, "query", "--workspace", s.name, "-o", "csv", "AZFWFlowTrace | where Flag == 'SYN' | "+
			"summarize count(), dcount(ConnectionId), dcount(strcat(EventBoot, ' ', EventCpu, ' ', EventNumber))")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		got = lines[len(lines)-1]
		return got == wanted || time.Since(begin) > 15*time.Second // a slow host: still less than the firewall takes by itself
	})
	if got != wanted {
		t.Fatalf("rows of SYNs, connections, numbers: %s, want %s", got, wanted)
	}
	t.Logf("%d SYNs found after %v", want, time.Since(begin).Round(time.Millisecond))
}

// firewallPID is the firewall's process; 0 where none answers.
func (s *served) firewallPID(t *testing.T) int {
	t.Helper()
	out, err := exec.Command("sekisho", "status", "-o", "json").Output()
	if err != nil {
		return 0
	}
	var list []firewall.Status
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("status: %v\n%s", err, out)
	}
	for _, f := range list {
		if f.ID == s.name+"-fw-a" {
			return f.PID
		}
	}
	return 0
}

// end ends it as an init system does, and looks for what is left behind.
func (s *served) end(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	sekisho(t, "run", "-c", s.config, "--remove") // else the kernel would go on
	assertNothingLeft(t, s.name)
	if out, err := exec.Command("nft", "list", "tables").Output(); err != nil || strings.Contains(string(out), "sekisho") {
		t.Errorf("tables of nftables are left behind: %s %v", out, err)
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if pid == 0 {
		t.Fatal("there is no process to kill")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "the end of a killed process", func() bool { return syscall.Kill(pid, 0) != nil })
}

// childOf finds the process that a process started with a command of ours.
func childOf(t *testing.T, parent int, command string) int {
	t.Helper()
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent)) // only a bad pattern is an error
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, pid := range strings.Fields(string(text)) {
			line, err := os.ReadFile("/proc/" + pid + "/cmdline")
			if err == nil && strings.Contains(string(line), "\x00"+command+"\x00") {
				var n int
				fmt.Sscan(pid, &n)
				return n
			}
		}
	}
	t.Fatalf("process %d has no child %q", parent, command)
	return 0
}
