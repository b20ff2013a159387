package firewall

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

func TestLossesAreToldOnceAlsoOverARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "losses.json")
	open := func() *ledger {
		l, err := openLedger(file)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	sum := func(losses []logs.Loss) (n uint64) {
		for _, l := range losses {
			n += l.Count
		}
		return n
	}
	stats := func(syn, fin, reasons uint64) capture.Stats {
		return capture.Stats{Lost: map[flow.Flag]uint64{flow.SYN: syn, flow.FIN: fin}, ReasonOverruns: reasons}
	}
	now := time.Now()
	l := open()
	if got := l.losses(stats(0, 0, 0), 0, 0, now); len(got) != 0 {
		t.Errorf("no losses gave %+v", got)
	}
	got := l.losses(stats(5, 2, 1), 3, 0, now.Add(time.Second))
	if sum(got) != 11 || len(got) != 4 {
		t.Errorf("losses %+v", got)
	}
	for _, g := range got {
		if !g.From.Equal(now) || !g.To.Equal(now.Add(time.Second)) {
			t.Errorf("times of %+v", g)
		}
	}
	if err := l.keep(); err != nil {
		t.Fatal(err)
	}
	// The kernel's counters go on, those of the process begin anew.
	l = open()
	if got := l.losses(stats(9, 2, 0), 0, 0, now.Add(time.Minute)); sum(got) != 4 || got[0].Kind != "SYN" {
		t.Errorf("after a restart: %+v", got)
	}
	// A new program counts from zero.
	if got := l.losses(stats(1, 0, 0), 0, 0, now.Add(time.Hour)); sum(got) != 1 {
		t.Errorf("with a new program: %+v", got)
	}
}

// A row is written whole or counted as lost, also on a disk that is full.
func TestRowsOnAFullDisk(t *testing.T) {
	t.Parallel()
	fs, err := openFiles(t.TempDir(), logs.Subset{})
	if err != nil {
		t.Fatal(err)
	}
	row := logs.StateRow(logs.State{Time: time.Now(), State: logs.RecordingStarted, Detail: "x"}, &logs.Source{Firewall: "fw"})
	f := fs.tables[logs.CaptureState]
	fs.add([]logs.Row{row})
	if err := fs.flush(); err != nil {
		t.Fatal(err)
	}
	good := f.f
	if f.f, err = os.OpenFile("/dev/full", os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	fs.add([]logs.Row{row, row})
	if err := fs.flush(); err == nil {
		t.Error("a full disk took rows")
	}
	f.f.Close()
	f.f = good
	fs.add([]logs.Row{row})
	if err := fs.close(); err != nil {
		t.Fatal(err)
	}
	if f.written != 2 || f.lost != 2 {
		t.Errorf("%d written, %d lost; want 2, 2", f.written, f.lost)
	}
	text, err := os.ReadFile(good.Name())
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, b := range text {
		if b == '\n' {
			lines++
		}
	}
	if lines != 2 {
		t.Errorf("%d lines in the file:\n%s", lines, text)
	}
}

// Of a buffer that was written in part, whole rows count, and the torn line is
// ended before the next row.
func TestATornLine(t *testing.T) {
	t.Parallel()
	f := &file{buf: []byte("one\ntwo\nthree\n"), ends: []int{4, 8, 14}}
	f.settle(6)
	if f.written != 1 || f.lost != 2 || !f.torn {
		t.Errorf("%+v", f)
	}
	var err error
	if f.f, err = os.Create(filepath.Join(t.TempDir(), "f")); err != nil {
		t.Fatal(err)
	}
	f.buf, f.ends = append(f.buf, "four\n"...), []int{5}
	if err := f.flush(); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(f.f.Name()); string(text) != "\nfour\n" {
		t.Errorf("the file has %q", text)
	}
}
