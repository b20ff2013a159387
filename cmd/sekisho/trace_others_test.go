package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/logs"
)

const closedPorts = `
name: closed-ports
ruleCollectionGroups:
  - name: g
    priority: 100
    ruleCollections:
      - name: c
        priority: 100
        action: {type: Allow}
        rules:
          - {name: nobody-there, ipProtocols: [UDP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["5001"]}
`

// TestOtherProtocolsInTheTrace has vm1 ask vm2 at UDP ports: one that the policy
// denies; one that it allows, where nobody listens; and this one again, from the
// same port, when another policy denies it. Each step has one row in what
// trace shows: remembered, stored, and both followed.
func TestOtherProtocolsInTheTrace(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	name := testLab(t, "others")
	t.Cleanup(func() { os.RemoveAll(filepath.Join(labWorkspaces, name)) })
	sekisho(t, "lab", "up", oneHub, "--name", name, "--workspace", "--detach")
	id := name + "-fw-a"
	policy := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(policy, []byte(closedPorts), 0o600); err != nil {
		t.Fatal(err)
	}
	sekisho(t, "policy", "apply", policy, "--firewall", id)
	asker := exec.Command("sekisho", "lab", "exec", "--lab", name, "vm1", "--", "bash", "-c",
		`echo x >/dev/udp/10.1.2.4/53; exec 3>/dev/udp/10.1.2.4/5001; echo x >&3; read; echo x >&3; echo x >&3`)
	again, err := asker.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := asker.Start(); err != nil {
		t.Fatal(err)
	}
	rows := func(args ...string) []string {
		return stepsOf(t, sekisho(t, append(append([]string{"trace", "-o", "jsonl", "--table", ""}, args...), "firewall", id, "host", "10.1.2.4")...))
	}
	await(t, "the answer of a closed port", func() bool { return len(rows()) == 3 })
	sekisho(t, "policy", "apply", "../../policies/deny-all.yaml", "--firewall", id)
	if _, err := again.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	_ = asker.Wait() // with an error: what it asked before was refused
	want := []string{
		"AZFWFlowTrace DENIED 10.1.2.4:5001",
		"AZFWFlowTrace ICMP-ERROR 10.1.1.4:0, port unreachable about UDP 10.1.1.4 to 10.1.2.4:5001",
		"AZFWNetworkRule Allow UDP 10.1.2.4:5001",
		"AZFWNetworkRule Deny UDP 10.1.2.4:53",
	}
	await(t, "what the new policy denies", func() bool { return len(rows()) >= len(want) })
	for what, got := range map[string][]string{
		"remembered": rows(),
		"stored":     rows("--since", "10m", "--workspace", name),
		"followed":   followedSteps(t, name, id, len(want)),
	} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

// stepsOf are the rows of lines, in a fixed order, without what differs from run to
// run.
func stepsOf(t *testing.T, lines string) (steps []string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		r, _, err := control.ParseTraceLine([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		to := fmt.Sprintf("%v:%v", r.Get("DestinationIp"), r.Get("DestinationPort"))
		switch {
		case r.Table() == logs.NetworkRule:
			steps = append(steps, fmt.Sprint(r.Table().Name, " ", r.Get("Action"), " ", r.Get("Protocol"), " ", to))
		case r.Get("IcmpError") != nil:
			steps = append(steps, fmt.Sprintf("%s %v %s, %v about %v %v to %v:%v", r.Table().Name, r.Get("Flag"), to, r.Get("IcmpError"),
				r.Get("OriginalProtocol"), r.Get("OriginalSourceIp"), r.Get("OriginalDestinationIp"), r.Get("OriginalDestinationPort")))
		default:
			steps = append(steps, fmt.Sprint(r.Table().Name, " ", r.Get("Flag"), " ", to))
		}
	}
	slices.Sort(steps)
	return steps
}

// followedSteps are the first rows, so many, of who follows with --since.
func followedSteps(t *testing.T, workspace, id string, n int) []string {
	t.Helper()
	cmd := exec.Command("sekisho", "trace", "-f", "--since", "10m", "-o", "jsonl", "--workspace", workspace, "firewall", id, "host", "10.1.2.4")
	var shown lockedBuffer
	cmd.Stdout = &shown
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "the rows", func() bool { return strings.Count(shown.String(), "\n") >= n })
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	return stepsOf(t, shown.String())
}
