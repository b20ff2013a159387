package firewall

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/spool"
)

func sum(losses []logs.Loss) (n uint64) {
	for _, l := range losses {
		n += l.Count
	}
	return n
}

func lost(syn, fin uint64) capture.Stats {
	return capture.Stats{Lost: map[flow.Flag]uint64{flow.SYN: syn, flow.FIN: fin}}
}

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
	now := time.Now()
	l := open()
	got, next := l.losses(lost(0, 0), counts{}, now)
	if len(got) != 0 {
		t.Errorf("no losses gave %+v", got)
	}
	l.told = next
	got, next = l.losses(lost(5, 2), counts{files: 3, drops: map[string]uint64{"1": 2, "2": 4},
		process: map[logs.LossPlace]uint64{logs.ReasonLoss: 1, logs.JoinLoss: 4, logs.FollowerLoss: 7}}, now.Add(time.Second))
	if sum(got) != 28 || len(got) != 7 {
		t.Errorf("losses %+v", got)
	}
	for _, g := range got {
		if !g.From.Equal(now) || !g.To.Equal(now.Add(time.Second)) || g.Reason == "" {
			t.Errorf("times or reason of %+v", g)
		}
	}
	l.told = next
	if err := l.keep(); err != nil {
		t.Fatal(err)
	}
	// The counters go on: those of the kernel, those that outlive a process, and those
	// of watchers, of which the first is forgotten and there is a third one.
	l = open()
	got, next = l.losses(lost(9, 2), counts{files: 3, drops: map[string]uint64{"2": 5, "3": 1},
		process: map[logs.LossPlace]uint64{logs.ReasonLoss: 1, logs.JoinLoss: 9, logs.FollowerLoss: 7}}, now.Add(time.Minute))
	by := map[logs.LossPlace]uint64{}
	for _, g := range got {
		by[g.Place] += g.Count
	}
	if diff := cmp.Diff(map[logs.LossPlace]uint64{logs.RingLoss: 4, logs.JoinLoss: 5, logs.DropLoss: 2}, by); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	yesterday := now.AddDate(0, 0, -1)
	// What no segment has is counted over restarts, also where nothing goes to a
	// workspace for a while.
	l.told = next
	for i, tt := range []struct {
		lost map[logs.LossPlace]spool.Loss
		want uint64
	}{
		{map[logs.LossPlace]spool.Loss{logs.SpoolLoss: {Rows: 4, From: yesterday, To: yesterday}}, 4},
		{nil, 0},
		{map[logs.LossPlace]spool.Loss{logs.SpoolLoss: {Rows: 5, From: yesterday, To: yesterday}, logs.SegmentLoss: {Rows: 2, From: yesterday, To: yesterday}}, 3},
		{map[logs.LossPlace]spool.Loss{logs.SpoolLoss: {Rows: 1}, logs.SegmentLoss: {Rows: 2}}, 0}, // another spool
		{map[logs.LossPlace]spool.Loss{logs.SpoolLoss: {Rows: 2, From: yesterday, To: yesterday}, logs.SegmentLoss: {Rows: 2}}, 1},
	} {
		got, next = l.losses(lost(9, 2), counts{segments: tt.lost}, now.Add(time.Minute))
		if sum(got) != tt.want {
			t.Errorf("case %d of segments: %+v", i, got)
		}
		for _, g := range got { // the times are the rows' own
			if !g.From.Equal(yesterday) || !g.To.Equal(yesterday) || !g.Noticed.Equal(now.Add(time.Minute)) {
				t.Errorf("case %d of segments: times of %+v", i, g)
			}
		}
		l.told = next
	}
	// A new program counts from zero; and its ring overflows because the
	// journal cannot be written.
	l.told = next
	if got, _ := l.losses(lost(1, 0), counts{journal: 1}, now.Add(time.Hour)); sum(got) != 1 || got[0].Place != logs.JournalLoss {
		t.Errorf("with a new program: %+v", got)
	}
}

// Wherever a process is killed while it tells of a loss, the row is in the
// file once.
func TestARowAboutALossIsFinished(t *testing.T) {
	t.Parallel()
	const before, lines = "{\"before\":1}\n", "{\"lost\":1}\n{\"lost\":2}\n"
	for n := range len(lines) + 1 {
		folder := t.TempDir()
		file := filepath.Join(folder, "CaptureLoss.jsonl")
		if err := os.WriteFile(file, []byte(before+lines[:n]), 0o600); err != nil {
			t.Fatal(err)
		}
		l := &ledger{file: filepath.Join(folder, "losses.json")}
		l.Writings = []writing{{File: file, At: int64(len(before)), Lines: lines}}
		if err := l.keep(); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := openLedger(l.file); err != nil {
				t.Fatal(err)
			}
		}
		if text, _ := os.ReadFile(file); string(text) != before+lines {
			t.Errorf("killed after %d bytes, the file has %q", n, text)
		}
	}
}

// A row is written whole or counted as lost, also on a disk that is full.
func TestRowsOnAFullDisk(t *testing.T) {
	t.Parallel()
	fs, err := openFiles(layout{Directory: t.TempDir()}, logs.Subset{})
	if err != nil {
		t.Fatal(err)
	}
	row := logs.StateRow(logs.State{Time: time.Now(), State: logs.RecordingStarted, Detail: "x"}, &logs.Source{Firewall: "fw"})
	f := fs.tables[logs.CaptureState]
	fs.add([]logs.Row{row}, &written{})
	if err := fs.flush(); err != nil {
		t.Fatal(err)
	}
	good := f.f
	if f.f, err = os.OpenFile("/dev/full", os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	fs.add([]logs.Row{row, row}, &written{})
	if err := fs.flush(); err == nil {
		t.Error("a full disk took rows")
	}
	f.f.Close()
	f.f = good
	fs.add([]logs.Row{row}, &written{})
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

func TestAFullDiskIsNotToldEachBatch(t *testing.T) {
	t.Parallel()
	fs, now := &files{}, time.Now()
	told := 0
	for i := range 250 { // batches, every 10 ms
		if fs.mayTell(now.Add(time.Duration(i) * 10 * time.Millisecond)) {
			told++
		}
	}
	if told != 3 {
		t.Errorf("told %d times in 2.5 s, want 3", told)
	}
}

// Of a buffer that was written in part, whole rows count, and the rest of a
// line is taken back.
func TestATornLine(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte("zero\nhalf"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := openFile(name, true)
	if err != nil {
		t.Fatal(err)
	}
	defer f.f.Close()
	if !f.cut {
		t.Error("a torn line was not seen")
	}
	check := func(when, want string) {
		t.Helper()
		if text, _ := os.ReadFile(name); string(text) != want {
			t.Errorf("%s the file has %q, want %q", when, text, want)
		}
	}
	check("opened", "zero\n")
	f.buf, f.ends = []byte("one\ntwo\nthree\n"), []int{4, 8, 14}
	if _, err := f.f.Write(f.buf[:6]); err != nil { // so far the disk had room
		t.Fatal(err)
	}
	if err := f.settle(6); err != nil {
		t.Fatal(err)
	}
	if f.written != 1 || f.lost != 2 || f.torn {
		t.Errorf("%+v", f)
	}
	check("settled", "zero\none\n")
	f.torn = true // it could not be taken back
	f.buf, f.ends = append(f.buf, "four\n"...), []int{5}
	if err := f.flush(); err != nil {
		t.Fatal(err)
	}
	check("at the end", "zero\none\n\nfour\n")
}

func TestWhereALineEnds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100<<10)
	for text, whole := range map[string]int{"": 0, "a": 0, "a\n": 2, "a\nb": 2, long: 0, long + "\n": len(long) + 1, "a\n" + long: 2} {
		f, err := os.CreateTemp(t.TempDir(), "f")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if size, got, err := wholeLines(f); err != nil || got != int64(whole) || size != int64(len(text)) {
			t.Errorf("%.9q: %d of %d, %v; want %d", text, got, size, err, whole)
		}
		f.Close()
	}
}
