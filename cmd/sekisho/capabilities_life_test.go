package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/capabilities"
)

// records sees a SYN, a packet with the kernel's own reason, and one that
// somebody else's rules drop, with the function that did it.
func (c *confined) records(t *testing.T) {
	t.Helper()
	c.run(t, "add table inet other { chain c { type filter hook forward priority -10; tcp dport 4000 drop; }; }")
	send(t, c.router, "S", 80)
	send(t, c.router, "SA", 8080)
	send(t, c.router, "S", 4000)
	c.awaitRow(t, "AZFWFlowTrace", `"Flag":"SYN"`)
	c.awaitRow(t, "AZFWFlowTrace", `"InvalidText":"`)
	c.awaitRow(t, "KernelDrop", `"Location":"`)
	await(t, "a segment", func() bool { found, _ := filepath.Glob(c.file("spool/*.parquet")); return len(found) > 0 })
}

// repairs puts the ruleset in force that was taken away, and says by whom.
func (c *confined) repairs(t *testing.T) {
	t.Helper()
	c.run(t, "flush ruleset")
	c.awaitRow(t, "CaptureState", "by nft (process ")
	if out, err := exec.Command(c.nft, "list", "table", "inet", "sekisho").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// isTold takes another policy, and a destination in a folder that is not there.
func (c *confined) isTold(t *testing.T) {
	t.Helper()
	sekisho(t, "policy", "apply", c.file("other.yaml"), "--firewall", c.id)
	sekisho(t, "settings", "set", "more", "--destination", "directory:"+c.file("logs/more"), "--firewall", c.id)
	send(t, c.router, "S", 81)
	c.awaitRow(t, "more/AZFWFlowTrace", `"DestinationPort":81`)
}

// listensAgain ceases to listen to NFLOG in a flood, and opens it again after.
func (c *confined) listensAgain(t *testing.T) {
	t.Helper()
	for port := range uint16(100) {
		send(t, c.router, "SA", 9000+port)
	}
	c.awaitRow(t, "CaptureState", `"ReasonsOff"`)
	c.awaitRow(t, "CaptureState", `"ReasonsOn"`)
	before := c.count("AZFWFlowTrace", `"InvalidText":"`)
	send(t, c.router, "SA", 9500)
	await(t, "a reason after the flood", func() bool { return c.count("AZFWFlowTrace", `"InvalidText":"`) > before })
}

func (c *confined) awaitRow(t *testing.T, table, has string) {
	t.Helper()
	await(t, "a row of "+table+" with "+has, func() bool { return c.count(table, has) > 0 })
}

func (c *confined) count(table, has string) int {
	text, _ := os.ReadFile(c.file("logs/" + table + ".jsonl")) // it may not be there yet
	return strings.Count(string(text), has)
}

// run runs nft with all of root's capabilities.
func (c *confined) run(t *testing.T, script string) {
	t.Helper()
	if out, err := exec.Command(c.nft, script).CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
}

// wantedState is what a firewall's process has that this process started.
func wantedState(t *testing.T) capabilities.State {
	t.Helper()
	own, err := capabilities.Read("/proc/thread-self/status")
	if err != nil {
		t.Fatal(err)
	}
	var set capabilities.Set
	for _, c := range capabilities.Needed {
		set |= own.Permitted & (1 << c.Bit)
	}
	return capabilities.State{Permitted: set, Effective: set, Bounding: set, NoNewPrivileges: true}
}

func assertConfined(t *testing.T, pid int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("process %d has no threads", pid)
	}
	assertStates(t, threads)
}

// assertChildren looks at what each nft noted.
func (c *confined) assertChildren(t *testing.T) {
	t.Helper()
	noted, err := filepath.Glob(c.file("nfts/*"))
	if err != nil || len(noted) < 4 {
		t.Fatalf("nft was executed %d times, so this proves nothing", len(noted))
	}
	assertStates(t, noted)
}

func assertStates(t *testing.T, files []string) {
	t.Helper()
	want := wantedState(t)
	for _, file := range files {
		got, err := capabilities.Read(file)
		if os.IsNotExist(err) {
			continue // the thread has ended
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", file, err, diff)
		}
	}
}

// sysctls are those that a firewall changes, as far as they are there: conntrack may
// be a module that nobody has loaded yet.
func sysctls(t *testing.T) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, key := range []string{"ipv4/ip_forward", "ipv6/conf/all/forwarding", "netfilter/nf_conntrack_tcp_loose",
		"netfilter/nf_conntrack_log_invalid", "netfilter/nf_log/2", "netfilter/nf_log/10"} {
		text, err := os.ReadFile("/proc/sys/net/" + key)
		if err == nil {
			values[key] = string(text)
		} else if !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return values
}
