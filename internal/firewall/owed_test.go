package firewall

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// teller is what of a firewall tells losses, into files of a folder, with a ledger
// that is kept beside them.
func teller(t *testing.T, folder string) (f *Firewall, fs *files) {
	t.Helper()
	ledger, err := openLedger(filepath.Join(folder, "losses.json"))
	if err != nil {
		t.Fatal(err)
	}
	at := layout{Directory: folder}
	if fs, err = openFiles(at, logs.Subset{}); err != nil {
		t.Fatal(err)
	}
	f = &Firewall{ledger: ledger, source: &logs.Source{Firewall: "fw"}}
	f.opened.files = map[layout]*files{at: fs}
	f.outputs.Store(&outputs{files: []*files{fs}})
	return f, fs
}

// getsFull has a table's file write to a disk that is full.
func getsFull(t *testing.T, f *file) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	f.f = full
}

// tellAt tells losses of one second.
func tellAt(t *testing.T, f *Firewall, second int, losses ...logs.Loss) error {
	t.Helper()
	var rows []logs.Row
	for i := range losses {
		losses[i].From, losses[i].To = time.Unix(int64(second-1), 0).UTC(), time.Unix(int64(second), 0).UTC()
		rows = append(rows, logs.LossRow(losses[i], f.source))
	}
	return f.tellOnce(losses, rows, told{Told: map[flow.Flag]uint64{}})
}

// toldIn are the losses that a file has, as place, kind, seconds and count.
func toldIn(t *testing.T, folder string) (all [][5]any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "CaptureLoss.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		r, err := logs.ParseJSON(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		from, _ := r.Get("From").(time.Time)
		to, _ := r.Get("To").(time.Time)
		all = append(all, [5]any{r.Get("Place"), r.Get("Kind"), from.Unix(), to.Unix(), r.Get("Count")})
	}
	return all
}

// What a file had no room for is in it once when it has room again, also where
// processes were killed meanwhile; of each place and kind together.
func TestRowsAboutLossesAreOwed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	syn := func(n uint64) logs.Loss { return logs.Loss{Place: logs.RingLoss, Kind: "SYN", Reason: "x", Count: n} }
	file := func(n uint64) logs.Loss { return logs.Loss{Place: logs.FileLoss, Reason: "y", Count: n} }
	for life := range 3 {
		f, fs := teller(t, folder)
		getsFull(t, fs.tables[logs.CaptureLoss])
		for second := range 100 {
			if err := tellAt(t, f, 100*life+second+1, syn(1), file(2)); err == nil {
				t.Fatal("a full disk took rows")
			}
			_ = tellAt(t, f, 0) // nothing new
		}
	}
	if kept, err := os.Stat(filepath.Join(folder, "losses.json")); err != nil || kept.Size() > 2000 {
		t.Errorf("what is owed takes %v bytes, %v", kept.Size(), err)
	}
	f, _ := teller(t, folder)
	for second := range 3 {
		if err := tellAt(t, f, 301+second, syn(1)); err != nil {
			t.Fatal(err)
		}
		if err := tellAt(t, f, 0); err != nil {
			t.Fatal(err)
		}
	}
	want := [][5]any{{"ring", "SYN", int64(0), int64(301), int64(301)}, {"file", nil, int64(0), int64(300), int64(600)},
		{"ring", "SYN", int64(301), int64(302), int64(1)}, {"ring", "SYN", int64(302), int64(303), int64(1)}}
	if diff := cmp.Diff(want, toldIn(t, folder)); diff != "" {
		t.Errorf("losses in the file (-want +got):\n%s", diff)
	}
	if f, _ = teller(t, folder); len(f.ledger.Owed) != 0 {
		t.Errorf("it is still owed %+v", f.ledger.Owed)
	}
}

// Wherever a process is killed while it pays, the row is in the file once. Where
// there is no room for the rest, the firewall starts all the same.
func TestADebtIsPaidOnce(t *testing.T) {
	t.Parallel()
	const before = "{\"before\":1}\n"
	owed := debt{Losses: []logs.Loss{{To: time.Unix(9, 0), Place: logs.RingLoss, Count: 3}, {To: time.Unix(9, 0), Place: logs.FileLoss, Count: 4}}}
	lines := logs.Subset{}.AppendLines(nil, []logs.Row{logs.LossRow(owed.Losses[0], &logs.Source{Firewall: "fw"}), logs.LossRow(owed.Losses[1], &logs.Source{Firewall: "fw"})})
	for n := range len(lines) + 1 {
		for _, full := range []bool{false, true} {
			folder := t.TempDir()
			file := filepath.Join(folder, "CaptureLoss.jsonl")
			if err := os.WriteFile(file, append([]byte(before), lines[:n]...), 0o600); err != nil {
				t.Fatal(err)
			}
			owed.layout = layout{Directory: folder}
			l := &ledger{file: filepath.Join(folder, "losses.json")}
			w := writing{File: file, At: int64(len(before)), Lines: string(lines), Pays: &owed.layout}
			if full {
				w.File, w.At = "/dev/full", 0
				if err := os.WriteFile(file, []byte(before), 0o600); err != nil { // it took nothing
					t.Fatal(err)
				}
			}
			l.Owed, l.Writings = []debt{owed}, []writing{w}
			if err := l.keep(); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				f, fs := teller(t, folder)
				if err := tellAt(t, f, 0); err != nil {
					t.Fatal(err)
				}
				if err := fs.close(); err != nil {
					t.Fatal(err)
				}
			}
			if text, _ := os.ReadFile(file); string(text) != before+string(lines) {
				t.Fatalf("killed after %d bytes, full %v, the file has %q", n, full, text)
			}
		}
	}
}

// A process that was killed knew of rows that had no room and were not told: the
// journal's mark says how many. Those of its last batch are lost again, or not.
func TestRowsWithoutRoomAreCountedOverRestarts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name              string
		told, mark, again uint64
		want              uint64
	}{
		{"all was told", 10, 10, 0, 0},
		{"some was not told", 10, 15, 0, 5},
		{"the last batch was told, and is lost again", 10, 7, 3, 0},
		{"the last batch was told, and more of it is lost", 10, 7, 5, 2},
		{"the last batch was told, and is written now", 10, 7, 0, 0},
		{"nothing is known, as of an older program", 0, 0, 4, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			l := &ledger{file: filepath.Join(folder, "losses.json")}
			l.Files = tt.told
			if err := l.keep(); err != nil {
				t.Fatal(err)
			}
			f, fs := teller(t, folder)
			if f.lostRows() != tt.told {
				t.Errorf("without a mark %d rows are lost, want %d", f.lostRows(), tt.told)
			}
			f.ledger.resume(tt.mark)
			fs.tables[logs.FlowTrace].lost = tt.again
			f.ledger.resumed(f.lostRows())
			check := func(when string, want uint64) {
				t.Helper()
				got, next := f.ledger.losses(lost(0, 0), counts{files: f.lostRows()}, time.Now())
				got = slices.DeleteFunc(got, func(l logs.Loss) bool { return l.Place != logs.FileLoss })
				if sum(got) != want {
					t.Errorf("%s %d rows are told, want %d", when, sum(got), want)
				}
				f.ledger.told = next
			}
			check("at first", tt.want)
			fs.tables[logs.FlowTrace].lost++
			check("later", 1)
		})
	}
}

// Losses that are one row were found when the last of them was: who asks for the rows
// since a moment gets it.
func TestADebtWasFoundWithItsLast(t *testing.T) {
	t.Parallel()
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	l, to := &ledger{}, layout{}
	for n := range int64(3) {
		l.owe(to, []logs.Loss{{Place: logs.SpoolLoss, From: at(10 - n), To: at(20 + n), Noticed: at(100 + n), Count: 1}})
	}
	want := []logs.Loss{{Place: logs.SpoolLoss, From: at(8), To: at(22), Noticed: at(102), Count: 3}}
	if diff := cmp.Diff(want, l.owed(to)); diff != "" {
		t.Errorf("owed (-want +got):\n%s", diff)
	}
}
