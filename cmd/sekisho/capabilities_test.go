package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/testnet"
)

// confined is a `sekisho run` whose folders are somebody else's, between a client
// and a server. Each nft that it executes notes what it has.
type confined struct {
	id, folder, nft string
	router          *testnet.Router
	cmd             *exec.Cmd
	said            lockedBuffer
}

// TestAFirewallHasOnlyItsCapabilities lets a firewall do all that it does in its
// life, and looks whether it had what it needed, and no more.
func TestAFirewallHasOnlyItsCapabilities(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	c := &confined{id: fmt.Sprintf("t%d-caps-fw", os.Getpid()), folder: t.TempDir(), router: testnet.NewRouter(t)}
	c.write(t)
	before := sysctls(t)
	c.start(t, c.file("fw.yaml"))
	assertConfined(t, c.cmd.Process.Pid)
	c.records(t)
	c.repairs(t)
	c.isTold(t)
	c.listensAgain(t)
	c.end(t)
	c.start(t, "-") // it takes over what is pinned
	assertConfined(t, c.cmd.Process.Pid)
	c.end(t)
	sekisho(t, "run", "-c", c.file("fw.yaml"), "--remove")
	after := sysctls(t)
	maps.DeleteFunc(after, func(key, _ string) bool { _, there := before[key]; return !there })
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("sysctls (-before +after):\n%s", diff)
	}
	assertNothingLeft(t, strings.TrimSuffix(c.id, "-fw"))
	c.assertChildren(t)
}

// What looks on has no more either, and nor has the nft that owns its table.
func TestAnObserverHasOnlyItsCapabilities(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	router := testnet.NewRouter(t)
	name := fmt.Sprintf("t%d-looks-on", os.Getpid())
	var said lockedBuffer
	cmd := exec.Command("sekisho", "observe", "--name", name, "-o", "jsonl")
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = cmd.Process.Kill(), cmd.Wait() }()
	await(t, "the observer", func() bool { return strings.Contains(said.String(), "looking on") })
	assertConfined(t, cmd.Process.Pid)
	assertConfined(t, childOf(t, cmd.Process.Pid, "-i"))
	send(t, router, "SA", 80)
	await(t, "a row with the kernel's reason", func() bool { return strings.Contains(said.String(), `"InvalidText":"`) })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, said.String())
	}
}

func (c *confined) file(name string) string { return filepath.Join(c.folder, name) }

// write writes its files: the folders for logs and segments belong to nobody.
func (c *confined) write(t *testing.T) {
	t.Helper()
	var err error
	if c.nft, err = exec.LookPath("nft"); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"fw.yaml": fmt.Sprintf("name: fw\nresourceGroup: %s\nfirewallPolicy: policy.yaml\nstateFolder: state\nsettingsFile: settings.json\n"+
			"logs: {directory: logs, workspace: true, spool: {folder: spool}}\ncapture: {reasonsRate: 10}\n", strings.TrimSuffix(c.id, "-fw")),
		"policy.yaml": strings.ReplaceAll(servePolicy, "PORT", "80"),
		"other.yaml":  strings.ReplaceAll(servePolicy, "PORT", "81"),
		"bin/nft":     fmt.Sprintf("#!/bin/sh\ncat /proc/self/status >%s/$$\nexec %s \"$@\"\n", c.file("nfts"), c.nft),
	} {
		if err := os.MkdirAll(filepath.Dir(c.file(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(c.file(name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, owner := range map[string]int{"nfts": 0, "logs": 65534, "spool": 65534} {
		if err := os.Mkdir(c.file(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(c.file(name), owner, owner); err != nil {
			t.Fatal(err)
		}
	}
}

// start starts it with a file, or with the same from standard input: "-".
func (c *confined) start(t *testing.T, file string) {
	t.Helper()
	c.cmd = exec.Command("sekisho", "run", "-c", file)
	c.cmd.Dir = c.folder
	if text, err := os.ReadFile(c.file("fw.yaml")); err == nil && file == "-" {
		c.cmd.Stdin = bytes.NewReader(text)
	}
	c.cmd.Env = append(os.Environ(), "PATH="+c.file("bin")+":"+os.Getenv("PATH"))
	c.cmd.Stdout, c.cmd.Stderr = &c.said, &c.said
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := c.cmd
	t.Cleanup(func() {
		_, _ = cmd.Process.Kill(), cmd.Wait() // where it has not ended
		_ = exec.Command("sekisho", "run", "-c", c.file("fw.yaml"), "--remove").Run()
		if t.Failed() {
			t.Logf("sekisho run said:\n%s", c.said.String())
		}
	})
	await(t, "the firewall", func() bool { _, err := control.NewClient(c.id).Status(t.Context()); return err == nil })
}

func (c *confined) end(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// send puts a packet to the server on the client's wire.
func send(t *testing.T, router *testnet.Router, flags string, port uint16) {
	t.Helper()
	router.Client.Send(t, testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, 40000),
		Dest: netip.AddrPortFrom(router.Server.Address, port), Flags: flags, Seq: 1, Ack: 1}.Bytes(t))
}
