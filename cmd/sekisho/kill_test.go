package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
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
