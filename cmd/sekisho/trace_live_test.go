package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// TestTraceOfARunningFirewall looks at the streams of a real one: where its mark
// stands, and that stored, remembered and new rows come once each.
func TestTraceOfARunningFirewall(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	name := testLab(t, "mark")
	t.Cleanup(func() { os.RemoveAll(filepath.Join(labWorkspaces, name)) })
	sekisho(t, "lab", "up", oneHub, "--name", name, "--workspace", "--detach")
	id := name + "-fw-a"
	sekisho(t, "policy", "apply", "../../policies/east-west.yaml", "--firewall", id)
	connect := func() { sekisho(t, "lab", "connect", "vm1", "vm2:7", "--lab", name) }
	connect()
	await(t, "the remembered rows", func() bool {
		return strings.Count(sekisho(t, "trace", "-o", "jsonl", "firewall", id, "port", "7"), "\n") == 5
	})
	const steps = "SYN SYN-ACK ACK FIN FIN-ACK"
	for _, c := range []struct{ words, want string }{{"port 9", "mark"}, {"port 7", steps + " mark " + steps}} {
		if diff := cmp.Diff(c.want, followed(t, id, c.words, connect, len(strings.Fields(c.want)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.words, diff)
		}
	}
	shownOnce(t, []string{"--workspace", name, "firewall", id, "port", "7"}, connect)
}

// followed are the flags of the rows of a stream, and its mark, until there are as
// many as wanted. Something new happens when the mark has come, if it is wanted.
func followed(t *testing.T, id, words string, happen func(), wanted int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	filter, err := flow.ParseFilter([]string{words})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	options := control.TraceOptions{Filter: filter, Table: logs.FlowTrace.Name, Last: -1, Follow: true, Mark: true}
	err = control.NewClient(id).Trace(ctx, options, nil, func(line []byte) error {
		r, notice, err := control.ParseTraceLine(line)
		switch {
		case err != nil:
			return err
		case notice.Remembered == nil:
			got = append(got, fmt.Sprint(r.Get("Flag")))
		default:
			got = append(got, "mark")
			if age := time.Since(notice.Remembered.Since); age < 0 || age > 5*time.Minute {
				t.Errorf("it remembers since %v", notice.Remembered.Since)
			}
			if wanted > len(got) {
				happen()
			}
		}
		if len(got) == wanted {
			cancel()
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return strings.Join(got, " ")
}

// shownOnce follows with --since, after two connections, and looks that each of
// their steps and of those of a third one is shown once, without a warning.
func shownOnce(t *testing.T, args []string, happen func()) {
	t.Helper()
	cmd := exec.Command("sekisho", append([]string{"trace", "-f", "--since", "10m", "--table", logs.FlowTrace.Name, "-o", "jsonl"}, args...)...)
	var shown, said lockedBuffer
	cmd.Stdout, cmd.Stderr = &shown, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	rows := func() int { return strings.Count(shown.String(), "\n") }
	await(t, "what happened before", func() bool { return rows() >= 10 })
	happen()
	await(t, "what happens now", func() bool { return rows() >= 15 })
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil || said.String() != "" {
		t.Errorf("it ended with %v and said %s", err, said.String())
	}
	lines := map[string]int{}
	for _, line := range bytes.Split(bytes.TrimSpace([]byte(shown.String())), []byte("\n")) {
		record, _, err := control.ParseTraceLine(line)
		if err != nil {
			t.Fatal(err)
		}
		lines[rowName(record)]++
	}
	for line, n := range lines {
		if n != 1 {
			t.Errorf("%d times: %s", n, line)
		}
	}
	if len(lines) != 15 {
		t.Errorf("%d rows, want the five of each of three connections:\n%s", len(lines), shown.String())
	}
}
