package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// pseudoTerminal makes a pseudo terminal: what is written to the program's end is read
// from ours.
func pseudoTerminal(t *testing.T) (ours, programs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatalf("make a terminal: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	number := 0
	if err = unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err == nil {
		number, err = unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	}
	if err == nil {
		programs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatalf("make a terminal: %v", err)
	}
	return ours, programs
}

// slowQuery takes some seconds on one core: it reads one file six times.
func slowQuery(t *testing.T) *exec.Cmd {
	t.Helper()
	folder := t.TempDir()
	first := filepath.Join(folder, "0.parquet")
	if err := os.WriteFile(first, []byte(sekisho(t, "query", "-o", "parquet", "range x from 1 to 150000 step 1 | extend s = strcat('row ', x)")), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 6; i++ {
		if err := os.Link(first, filepath.Join(folder, fmt.Sprintf("%d.parquet", i))); err != nil {
			t.Fatal(err)
		}
	}
	return exec.Command("sekisho", "query", "-o", "csv", "--threads", "1", "--table", "T="+folder+"/*.parquet",
		"T | summarize count() by hash_sha256(strcat(s, 'a')), hash_md5(s) | count")
}

// slowStoredQuery takes as long, and a running workspace answers it.
func slowStoredQuery(t *testing.T) *exec.Cmd {
	t.Helper()
	cfg, _, _ := runningWorkspace(t, "memory: 256MB, threads: 1")
	fw := storetest.NewFirewall("fw-a")
	const segments, rows = 18, 4000 // too few segments to be merged: DuckDB counts files
	for n := range segments {
		fw.Close(t, cfg.Spools[0], fw.Trace(time.Now().Add(-time.Minute), time.Millisecond, uint32(n*rows), rows))
	}
	if err := workspace.NewClient(cfg.SocketPath()).Ingest(t.Context()); err != nil {
		t.Fatal(err)
	}
	return exec.Command("sekisho", "query", "-o", "csv", "--workspace", cfg.SocketPath(),
		"AZFWFlowTrace | mv-expand x = range(1, 20) to typeof(long) | summarize n = dcount(hash_sha256(strcat(EventNumber, x))) | where n > 0 | project Count = 150000")
}

// TestProgressOnATerminal runs a query on a terminal: after a second a line says how
// much is done, again and again, and is wiped away before the first row.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]func(*testing.T) *exec.Cmd{"files": slowQuery, "a workspace": slowStoredQuery} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectProgress(t, query(t))
		})
	}
}

func expectProgress(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	ours, programs := pseudoTerminal(t)
	cmd.Stdout, cmd.Stderr = programs, programs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	programs.Close()
	shown, err := io.ReadAll(ours)
	if !errors.Is(err, syscall.EIO) { // how a terminal ends
		t.Errorf("read the terminal: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the query: %v\n%s", err, shown)
	}
	want := regexp.MustCompile(`^(\r\x1b\[Kthe query runs: [0-9]+ s)?(\r\x1b\[Kthe query runs: [0-9]+ s, [0-9]{1,3} % done)+\r\x1b\[KCount\r\n150000\r\n$`)
	if !want.Match(shown) {
		t.Errorf("the terminal shows:\n%q", shown)
	}
	if !regexp.MustCompile(`[1-9][0-9]? % done`).Match(shown) {
		t.Errorf("the share did not rise:\n%q", shown)
	}
}

// What is no terminal gets no progress, however long it takes.
func TestNoProgressElsewhere(t *testing.T) {
	t.Parallel()
	ours, programs := pseudoTerminal(t)
	var errs bytes.Buffer
	cmd := slowQuery(t)
	cmd.Stdout, cmd.Stderr = programs, &errs
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	programs.Close()
	shown, _ := io.ReadAll(ours)
	if err := cmd.Wait(); err != nil || string(shown) != "Count\r\n150000\r\n" || errs.Len() > 0 {
		t.Errorf("the query: %v, and it wrote:\n%q\n%q", err, shown, errs.String())
	}
	if took := time.Since(begin); took < progressAfter {
		t.Errorf("it took %v, which is too short to show anything", took)
	}
}

// TestProgress writes a line at each tick: what is known, and what is not.
func TestProgress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ticks int
		known bool
		want  string
	}{
		{0, false, ""}, // sooner over than anybody could read it
		{1, false, "\r\x1b[Kthe query runs: 0 s\r\x1b[K"},
		{2, true, "\r\x1b[Kthe query runs: 0 s, 25 % done\r\x1b[Kthe query runs: 0 s, 50 % done\r\x1b[K"},
	} {
		var out bytes.Buffer
		ticks, asked := make(chan time.Time), make(chan bool)
		share := 0.0
		stop := writeProgress(&out, ticks, func() (float64, bool) {
			share += 0.25
			asked <- true
			return share, c.known
		})
		for range c.ticks {
			ticks <- time.Now()
			<-asked
		}
		stop()
		if out.String() != c.want {
			t.Errorf("%d ticks wrote %q, want %q", c.ticks, out.String(), c.want)
		}
	}
}
