package workspace_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

const lostRows = `CaptureLoss | where Place == "workspace" | order by Kind asc, Firewall asc, From asc | project Firewall, Kind, coalesce(tostring(Count), "?")`

// stored are the files of a table's segments.
func stored(t *testing.T, folder, table string) []string {
	t.Helper()
	return storetest.Files(t, filepath.Join(folder, "data", "segments", table))
}

// listed are the files of the trace that the list names: of others nobody knows how
// many rows they have. Who was killed early may have taken other tables only.
func listed(t *testing.T, folder string) []string {
	t.Helper()
	list, err := os.ReadFile(filepath.Join(folder, "data", "segments", "list"))
	if err != nil {
		return nil // it was killed before there was one
	}
	return slices.DeleteFunc(stored(t, folder, ""), func(file string) bool {
		return !strings.Contains(file, "/AZFWFlowTrace/") || !strings.Contains(string(list), filepath.Base(file))
	})
}

// What was damaged while no workspace ran has a row, once, however often one is
// started; in the scope of its firewall too. A file that is put back is read again,
// and the row stays.
func TestRowsOfADamagedFileAreToldOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := start(t, folder)
	fw := storetest.NewFirewall("fw-a")
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	fw.Close(t, w.spool, fw.Trace(at, time.Second, 0, 70))
	until(t, w, "AZFWFlowTrace | count", "70")
	fw.Close(t, w.spool, []logs.Row{logs.StateRow(logs.State{Time: at, State: logs.RecordingStarted}, fw.Source)})
	fw.Close(t, w.spool, []logs.Row{logs.LossRow(logs.Loss{To: at, Place: logs.RingLoss, Kind: "SYN", Count: 7}, fw.Source)})
	until(t, w, "union AZFWFlowTrace, CaptureState, CaptureLoss | count", "72")
	w.end()
	file := stored(t, folder, "AZFWFlowTrace")[0]
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Damage(t, file, true)
	storetest.Damage(t, stored(t, folder, "CaptureLoss")[0], true) // what tells of losses too
	for range 3 {
		w = start(t, folder)
		until(t, w, lostRows, "fw-a AZFWFlowTrace 70, fw-a CaptureLoss 1")
		w.end()
	}
	w = start(t, folder)
	text := fmt.Sprintf(`CaptureLoss | where Kind == "AZFWFlowTrace" and Reason startswith %q and TimeGenerated > ago(5m) `+
		`| project From == %s, To == %s, _SubscriptionId`, filepath.Base(file), workspace.Literal(at), workspace.Literal(at.Add(69*time.Second)))
	if diff := cmp.Diff([]string{"True True " + fw.Source.SubscriptionID}, ask(t, w, store.Query{Text: text, Scope: store.Scope{Resource: fw.Source.ResourceID}})); diff != "" {
		t.Errorf("the row (-want +got):\n%s", diff)
	}
	w.end()
	for range 2 { // it gets damaged a second time
		if err := os.WriteFile(file, good, 0o640); err != nil {
			t.Fatal(err)
		}
		w = start(t, folder)
		until(t, w, "AZFWFlowTrace | count", "70")
		until(t, w, lostRows, "fw-a AZFWFlowTrace 70, fw-a CaptureLoss 1")
		w.end()
		storetest.Damage(t, file, true)
	}
}

// A diagnosis of then counts with rows that are found to be lost now.
func TestLostRowsAreEvidence(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := start(t, folder)
	fw := storetest.NewFirewall("fw-a")
	at := time.Now().Add(-48 * time.Hour).Truncate(time.Second)
	fw.Close(t, w.spool, fw.Trace(at, time.Millisecond, 0, 70))
	until(t, w, "AZFWFlowTrace | count", "70")
	storetest.Damage(t, stored(t, folder, "AZFWFlowTrace")[0], false)
	fw.Close(t, w.spool, fw.Trace(at.Add(time.Hour), time.Millisecond, 70, 7))
	until(t, w, "AZFWFlowTrace | summarize count(), dcount(SourceIp)", "7 7")
	until(t, w, lostRows, "fw-a AZFWFlowTrace 70")
	q := diagnose.Question{Source: netip.MustParseAddrPort("10.1.0.70:0"), Destination: netip.MustParseAddrPort("10.2.0.2:22")}
	for _, tt := range []struct {
		at     time.Time
		losses int
	}{{at, 1}, {at.Add(time.Hour), 0}} {
		q.At = tt.at
		rows, err := workspace.Evidence(t.Context(), w, q)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, x := range rows.Watches {
			n += len(x.Losses)
		}
		if n != tt.losses {
			t.Errorf("at %s there are %d losses, want %d: %+v", tt.at, n, tt.losses, rows.Watches)
		}
	}
}

// What a query, a delivery or a merge finds out has its row within a second or two,
// also where only the file's name is left to say whose it was.
func TestRowsOfADamagedFileAreTold(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := start(t, folder)
	a, b := storetest.NewFirewall("fw-a"), storetest.NewFirewall("fw-b")
	now := time.Now()
	a.Close(t, w.spool, a.Trace(now, time.Millisecond, 0, 70))
	until(t, w, "AZFWFlowTrace | count", "70")
	storetest.Damage(t, stored(t, folder, "AZFWFlowTrace")[0], false)
	until(t, w, "AZFWFlowTrace | summarize count(), dcount(SourceIp)", "0 0")
	bad := b.Close(t, folder, b.Trace(now, time.Millisecond, 100, 30))
	storetest.Damage(t, bad, true)
	if err := os.Rename(bad, filepath.Join(w.spool, filepath.Base(bad))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.spool, "what.parquet"), []byte("x"), 0o640); err != nil {
		t.Fatal(err)
	}
	until(t, w, lostRows, "  ?, fw-a AZFWFlowTrace 70, lab-fw-b AZFWFlowTrace ?")
	if told := w.log.String(); strings.Contains(told, "CaptureLoss cannot say so") {
		t.Errorf("log:\n%s", told)
	}
}

// Workspaces are killed while files are damaged, removed and put back: each row is
// there or told to be lost, once.
func TestKilledWhileFilesAreDamaged(t *testing.T) {
	t.Parallel()
	t.Logf("-kills %d -seed %d", *kills, *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	folder := t.TempDir()
	spool := makeFolder(t, filepath.Join(folder, "spool"))
	fw := storetest.NewFirewall("fw-a")
	rows, rubbish := uint32(0), 0
	deliver := func() {
		for range random.IntN(30) {
			n := 1 + random.IntN(50)
			fw.Close(t, spool, fw.Trace(time.Now().Add(-time.Minute), time.Millisecond, rows, n))
			rows += uint32(n)
		}
	}
	fw.Close(t, spool, []logs.Row{logs.StateRow(logs.State{Time: time.Now(), State: logs.RecordingStarted}, fw.Source)})
	first := start(t, folder) // which knows the firewall's name from then on
	until(t, first, "CaptureState | count", "1")
	first.end()
	for range *kills * 2 / 5 {
		deliver()
		if random.IntN(2) == 0 { // nobody can say how many rows it had
			bad := fw.Close(t, folder, fw.Trace(time.Now(), time.Millisecond, 1<<30, 3))
			storetest.Damage(t, bad, true)
			if err := os.Rename(bad, filepath.Join(spool, filepath.Base(bad))); err != nil {
				t.Fatal(err)
			}
			rubbish++
		}
		kill := startToBeKilled(t, folder)
		time.Sleep(time.Duration(random.IntN(250)) * time.Millisecond)
		kill()
		if files := listed(t, folder); len(files) > 0 {
			file := files[random.IntN(len(files))]
			if random.IntN(2) == 0 {
				storetest.Damage(t, file, true)
			} else if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	w := start(t, folder)
	const books = `union (AZFWFlowTrace | summarize n = count(), twice = count() - dcount(EventNumber)), ` +
		`(CaptureLoss | where Place == "workspace" | summarize n = sum(Count), twice = count() - dcount(Reason)) | summarize sum(n), sum(twice)`
	until(t, w, books, fmt.Sprintf("%d 0", rows))
	until(t, w, `CaptureLoss | where isnull(Count) | summarize count(), countif(Firewall != "fw-a")`, fmt.Sprintf("%d 0", rubbish))
	t.Logf("%d rows, lost: %v", rows, ask(t, w, store.Query{Text: `CaptureLoss | summarize count(), sum(Count)`}))
}
