package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/testnet"
)

// spoolBound is the least there is: small segments fill it several times in some seconds.
const spoolBound = 1 << 20

// TestAWorkspaceThatIsAway has a firewall fill its spool to the bound while no
// workspace runs. The oldest rows are given up, and the spool is no larger. When the
// workspace has come, it has what was left, each row once, and is told how many there
// were besides: the log files say which.
func TestAWorkspaceThatIsAway(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	c := newCouple(t, fmt.Sprintf("{workspace: true, directory: logs, foldRate: 1000000, spool: {folder: spool/fw-a, every: 20ms, bytes: %d}}", spoolBound))
	end := c.load(t)
	for begin := time.Now(); time.Since(begin) < 8*time.Second; time.Sleep(100 * time.Millisecond) {
		if got := c.spooled(t); got > spoolBound*11/10 { // one generation may be in excess
			t.Errorf("the spool has %d bytes, and a bound of %d", got, spoolBound)
		}
	}
	c.startWorkspace(t)
	c.awaitBoth(t)
	time.Sleep(500 * time.Millisecond) // under load too
	end()
	time.Sleep(1200 * time.Millisecond) // losses are told once a second
	status, err := control.NewClient(c.name + "-fw-a").Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.firewall.end(t)
	await(t, "the last segments", func() bool { return len(storetest.Files(t, filepath.Join(c.folder, "spool"))) == 0 })
	c.checkGivenUp(t)
	if traces, recorded := c.written(t, logs.FlowTrace), int64(capture.Total(status.Capture.Recorded)); traces != recorded {
		t.Errorf("the file has %d rows of %d events", traces, recorded)
	}
	c.workspace.end(t)
}

// checkGivenUp compares the rows in the workspace, and those that are told there to
// be given up, with the rows in the log files.
func (c *couple) checkGivenUp(t *testing.T) {
	t.Helper()
	var missing int64
	for _, table := range logs.AllTables() {
		written, stored := c.written(t, table), c.number(t, table.Name+" | count")
		if written == 0 || table == logs.CaptureLoss {
			continue // what is told is told again, in fewer rows, where it was given up
		}
		t.Logf("%s: %d rows in the file, %d in the workspace", table.Name, written, stored)
		if stored > written {
			t.Errorf("%s: the workspace has %d rows of %d", table.Name, stored, written)
		}
		missing += written - stored
	}
	if numbers, rows := c.number(t, events+"distinct EventBoot, EventCpu, EventNumber | count"), c.number(t, events+"count"); numbers != rows {
		t.Errorf("%d rows have %d numbers", rows, numbers)
	}
	if other := c.number(t, "CaptureLoss | where Place != 'spool' | count"); other != 0 {
		t.Errorf("something else was lost:\n%s", c.losses(t, []string{"--workspace", c.name}))
	}
	if told := c.number(t, "CaptureLoss | summarize sum(Count)"); told != missing || told < 1000 {
		t.Errorf("the workspace lacks %d rows, and is told of %d:\n%s", missing, told, c.losses(t, []string{"--workspace", c.name}))
	}
}

func (c *couple) number(t *testing.T, text string) (n int64) {
	t.Helper()
	out := sekisho(t, "query", "--workspace", c.name, "-o", "csv", text)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if _, err := fmt.Sscan(lines[len(lines)-1], &n); err != nil {
		t.Fatalf("%s answers\n%s", text, out)
	}
	return n
}

// spooled is how many bytes wait in the spool.
func (c *couple) spooled(t *testing.T) (bytes int64) {
	t.Helper()
	for _, file := range storetest.Files(t, filepath.Join(c.folder, "spool")) {
		if info, err := os.Stat(file); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// written is how many rows of a table the firewall has written to its file.
func (c *couple) written(t *testing.T, table *logs.Table) (rows int64) {
	t.Helper()
	f, err := os.Open(filepath.Join(c.folder, "logs", table.Name+".jsonl"))
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), `"Flag":"IGNORED"`) {
			rows++
		}
	}
	return rows
}
