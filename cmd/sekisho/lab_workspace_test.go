package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestALabKeepsItsLogs brings a lab up with a workspace, asks for connections
// that were made a moment ago, also after kill -9 of the workspace, and reads
// them when the lab is gone.
func TestALabKeepsItsLogs(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	name := testLab(t, "logs")
	kept := filepath.Join(labWorkspaces, name)
	t.Cleanup(func() { os.RemoveAll(kept) })
	sekisho(t, "lab", "up", oneHub, "--name", name, "--workspace", "--detach")
	sekisho(t, "policy", "apply", "../../policies/east-west.yaml", "--firewall", name+"-fw-a")
	connect := func(n int) {
		t.Helper()
		for range n {
			sekisho(t, "lab", "connect", "vm1", "vm2:7", "--lab", name)
		}
	}
	const syns = "AZFWFlowTrace | where Flag == 'SYN' | summarize count(), dcount(ConnectionId)"
	expect := func(want string, args ...string) {
		t.Helper()
		var got string
		await(t, "rows "+want, func() bool {
			lines := strings.Split(strings.TrimSpace(sekisho(t, append([]string{"query", "-o", "csv"}, args...)...)), "\n")
			got = lines[len(lines)-1]
			return got == want
		})
	}
	connect(3)
	expect("3,3", "--workspace", name, syns)
	if out := sekisho(t, "tables", "--workspace", name); !strings.Contains(out, "AZFWFlowTrace") {
		t.Errorf("sekisho tables says:\n%s", out)
	}
	kill(t, childOf(t, labStatus(t, name).Supervisor.PID, "workspace"))
	connect(2)
	await(t, "the workspace's process", func() bool { return workspaceAnswers(name) })
	expect("5,5", "--workspace", name, syns)
	connect(1)
	sekisho(t, "lab", "down", "--lab", name)
	assertNothingLeft(t, name)
	expect("6,6", "--folder", kept, syns)
	expect("6,6", "--workspace", name, syns)                                       // as before, though it is gone
	expect("1", "--folder", kept, "TopologyRevision | summarize dcount(Revision)") // each process of the workspace writes it down once
}

// A lab without a workspace keeps nothing, and says so while there is time to
// bring it up with one.
func TestALabSaysThatNothingIsKept(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	name := testLab(t, "unkept")
	out, err := exec.Command("sekisho", "lab", "up", oneHub, "--name", name, "--detach").CombinedOutput()
	if err != nil {
		t.Fatalf("lab up: %v\n%s", err, out)
	}
	if want := name + ": nothing that is logged is left when the lab is down: --workspace keeps it"; strings.Count(string(out), want) != 1 {
		t.Errorf("lab up wrote:\n%s\nwant once:\n%s", out, want)
	}
	sekisho(t, "lab", "down", "--lab", name)
}
