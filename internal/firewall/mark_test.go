package firewall

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// markedFiles are files with some rows, and a mark behind them.
func markedFiles(t *testing.T, subset logs.Subset) (*files, fileMark) {
	t.Helper()
	fs, err := openFiles(layout{Directory: t.TempDir()}, subset)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fs.close() })
	addRows(t, fs, 1, 3)
	text, err := json.Marshal(mark{fileMark: fs.mark(time.Now())})
	if err != nil {
		t.Fatal(err)
	}
	m, err := readMark(text)
	if err != nil {
		t.Fatal(err)
	}
	return fs, m.fileMark
}

// synRows are the rows of some SYNs: two each.
func synRows(from, to int) (rows []logs.Row) {
	for n := from; n <= to; n++ {
		e := &flow.Event{Flag: flow.SYN, TCPFlags: flow.BitSYN, Direction: flow.Original, Action: flow.Allow, Seq: uint32(n),
			Packet: flow.Tuple{Protocol: flow.TCP}, Number: flow.Number{Boot: "b", Seq: uint64(n)}, Time: time.Unix(int64(n), 0)}
		rows = append(rows, logs.Rows(e, &logs.Source{Firewall: "fw"}, logs.Rule{})...)
	}
	return rows
}

func addRows(t *testing.T, fs *files, from, to int) {
	t.Helper()
	fs.add(synRows(from, to), &written{})
	if err := fs.flush(); err != nil {
		t.Fatal(err)
	}
}

// Whatever a killed process has written after its last mark, the next one
// writes the rest.
func TestOnlyTheRestOfABatchIsWritten(t *testing.T) {
	t.Parallel()
	for _, azureOnly := range []bool{false, true} {
		for had := range 5 {
			for torn := range 2 {
				fs, mark := markedFiles(t, logs.Subset{AzureOnly: azureOnly})
				addRows(t, fs, 4, 3+had)
				if torn == 1 {
					tear(t, fs)
				}
				if err := fs.close(); err != nil {
					t.Fatal(err)
				}
				checkRest(t, fmt.Sprintf("%d rows, torn %d, azure only %v", had, torn, azureOnly), fs.layout.Directory, mark, logs.Subset{AzureOnly: azureOnly})
			}
		}
	}
}

// tear writes the begin of a row into each file.
func tear(t *testing.T, fs *files) {
	t.Helper()
	for _, table := range eventTables {
		if _, err := fs.tables[table].f.WriteString(`{"time":"2026`); err != nil {
			t.Fatal(err)
		}
	}
}

// checkRest is the next process: the batch was SYNs 4 to 8.
func checkRest(t *testing.T, what, directory string, mark fileMark, subset logs.Subset) {
	t.Helper()
	fs, err := openFiles(layout{Directory: directory}, subset)
	if err != nil {
		t.Fatal(err)
	}
	defer fs.close()
	done, err := mark.written()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	fs.expect(done)
	fs.add(synRows(4, 8), done)
	if err := fs.flush(); err != nil {
		t.Fatal(err)
	}
	fs.giveUpCuts()
	want, _ := openFiles(layout{Directory: t.TempDir()}, subset)
	defer want.close()
	addRows(t, want, 1, 8)
	for _, table := range eventTables {
		got, _ := os.ReadFile(fileName(fs.layout.Directory, table.Name))
		if expected, _ := os.ReadFile(fileName(want.layout.Directory, table.Name)); string(got) != string(expected) {
			t.Errorf("%s: table %s has\n%swant\n%s", what, table.Name, got, expected)
		}
		if fs.tables[table].lost != 0 {
			t.Errorf("%s: %d rows of table %s are counted as lost", what, fs.tables[table].lost, table.Name)
		}
	}
}

// Log rotation renames files; a file that was emptied is another matter.
func TestAMarkFindsARenamedFile(t *testing.T) {
	t.Parallel()
	fs, mark := markedFiles(t, logs.Subset{})
	addRows(t, fs, 4, 5)
	name := fileName(fs.layout.Directory, logs.FlowTrace.Name)
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	done, err := mark.written()
	if err != nil || done.rows[logs.FlowTrace.Name] != 2 || done.rows[logs.NetworkRule.Name] != 2 {
		t.Errorf("written: %v, %v", done.rows, err)
	}
	if err := os.Truncate(name+".1", 10); err != nil {
		t.Fatal(err)
	}
	if done, err := mark.written(); err == nil || done.rows[logs.FlowTrace.Name] != 0 {
		t.Errorf("of an emptied file %v rows are written, %v", done.rows, err)
	}
	if err := os.Remove(name + ".1"); err != nil {
		t.Fatal(err)
	}
	if done, err := mark.written(); err == nil || done.rows[logs.FlowTrace.Name] != 0 || done.rows[logs.NetworkRule.Name] != 2 {
		t.Errorf("of a removed file %v rows are written, %v", done.rows, err)
	}
}

// A torn line that nobody writes again is a lost row.
func TestATornLineOfAnotherTableIsLost(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "CaptureState.jsonl"), []byte(`{"time":`), 0o600); err != nil {
		t.Fatal(err)
	}
	fs, err := openFiles(layout{Directory: folder}, logs.Subset{})
	if err != nil {
		t.Fatal(err)
	}
	defer fs.close()
	for range 2 {
		fs.giveUpCuts()
	}
	for _, table := range logs.Tables() {
		c := fs.tally(table)
		if want := c.table == "CaptureState"; (c.lost == 1) != want {
			t.Errorf("table %s has lost %d", c.table, c.lost)
		}
	}
}

// A row of a connection that tells what the killed process has told is not
// written again, also if it is less sure; one of another end is.
func TestConnectionsAreNotToldAgain(t *testing.T) {
	t.Parallel()
	fs, mark := markedFiles(t, logs.Subset{})
	row := func(told, events int, end flow.EndReason) logs.Row {
		c := &flow.Connection{Firewall: "fw", ID: "1", Update: 1, Told: time.Unix(int64(told), 0), First: time.Unix(1, 0), Events: events, End: end}
		c.Tuple = flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.0.0.1:1"), Dest: netip.MustParseAddrPort("10.0.0.2:2")}
		return logs.ConnectionRow(c, &logs.Source{Firewall: "fw"})
	}
	add := func(r logs.Row) {
		fs.add([]logs.Row{r}, &written{})
		if err := fs.flush(); err != nil {
			t.Fatal(err)
		}
	}
	add(row(10, 1, flow.EndNone))
	fs.dontRepeat(mark)
	add(row(20, 2, flow.EndNone))
	add(row(20, 2, flow.EndRST))
	add(row(30, 1, flow.EndNone)) // a repeat is one once
	if c := fs.tally(logs.Connection); c.written != 3 {
		t.Errorf("%d rows written, want 3", c.written)
	}
}
