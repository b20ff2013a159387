// Package storetest is what every store must do, as tests, and the segments that
// tests of stores and workspaces need: of rows as firewalls make them, closed by
// the writer that firewalls use.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/store"
)

// Open opens a store that keeps its rows below a folder; opened there again, it
// has them still. It is closed by who calls it.
type Open func(t *testing.T, folder string) store.Store

// Run holds a store to all that is asked of one.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, *bench){
		"rows come back":                    rowsComeBack,
		"a second delivery counts for none": secondDelivery,
		"tables without rows":               noRows,
		"hidden columns":                    hiddenColumns,
		"a firewall's scope":                scopeOfFirewall,
		"a scope cannot be left":            scopeHolds,
		"a span of time":                    scopeOfTime,
		"a view stays as it is":             viewStays,
		"a damaged delivery":                damagedDelivery,
		"two firewalls of the same id":      sameID,
		"sizes":                             sizes,
		"retention by age":                  retentionByAge,
		"retention by size":                 retentionBySize,
		"each row once while merging":       onceWhileMerging,
		"opened again":                      openedAgain,
		"mistakes in the query":             mistakes,
		"a query is cancelled":              cancelled,
		"limits of a result":                limits,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			b := &bench{folder: folder, spool: filepath.Join(folder, "spool"), open: open, fw: NewFirewall("fw-a")}
			if err := os.MkdirAll(b.spool, 0o750); err != nil {
				t.Fatal(err)
			}
			b.Store = open(t, folder)
			defer func() {
				if err := b.Close(); err != nil {
					t.Errorf("Close() error:\n%+v", err)
				}
			}()
			test(t, b)
		})
	}
}

// bench is a store under test.
type bench struct {
	store.Store
	folder, spool string
	open          Open
	fw            *Firewall
}

// at is when the rows of tests begin.
var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func (b *bench) take(t *testing.T, file string) store.Segment {
	t.Helper()
	taken, fresh, err := b.Take(t.Context(), file)
	if err != nil || !fresh {
		t.Fatalf("Take(%s) gave fresh %v, error:\n%+v", filepath.Base(file), fresh, err)
	}
	return taken
}

// takeTrace takes n segments of rows each, a second after the other, and numbers
// the rows from first on.
func (b *bench) takeTrace(t *testing.T, first uint32, n, rows int) {
	t.Helper()
	for i := range n {
		begin := first + uint32(i*rows)
		b.take(t, b.fw.Close(t, b.spool, b.fw.Trace(at.Add(time.Duration(begin)*time.Millisecond), time.Millisecond, begin, rows)))
	}
}

// ask runs a query and gives its rows, a line each.
func (b *bench) ask(t *testing.T, scope store.Scope, text string) []string {
	t.Helper()
	a, err := store.Run(t.Context(), b.Store, store.Query{Text: text, Scope: scope, Now: at.Add(time.Hour)})
	if err != nil {
		t.Fatalf("%s: error:\n%+v", text, err)
	}
	rows, err := result.Read(a.Rows)
	if err != nil {
		t.Fatalf("%s: error:\n%+v", text, err)
	}
	return Lines(rows.Data)
}

// Lines writes rows as text, a line each.
func Lines(rows [][]any) []string {
	lines := []string{}
	for _, row := range rows {
		var cells []string
		for _, v := range row {
			cells = append(cells, value.Text(v))
		}
		lines = append(lines, strings.Join(cells, " "))
	}
	return lines
}

func (b *bench) expect(t *testing.T, scope store.Scope, text string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, b.ask(t, scope, text)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", text, diff)
	}
}

var all store.Scope

func secondDelivery(t *testing.T, b *bench) {
	file := b.fw.Close(t, b.spool, b.fw.Trace(at, time.Second, 0, 10))
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b.take(t, file)
	for range 2 {
		if err := os.WriteFile(file, data, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, fresh, err := b.Take(t.Context(), file); err != nil || fresh {
			t.Errorf("Take() of a segment that was taken gave fresh %v, error:\n%+v", fresh, err)
		}
		if _, err := os.Stat(file); err == nil {
			t.Error("a segment that was taken is still in its spool folder")
		}
		b.Close()
		b.Store = b.open(t, b.folder)
	}
	b.expect(t, all, "AZFWFlowTrace | summarize count(), dcount(EventNumber)", "10 10")
}

func damagedDelivery(t *testing.T, b *bench) {
	for _, truncate := range []bool{true, false} {
		file := b.fw.Close(t, b.spool, b.fw.Trace(at, time.Second, 0, 10))
		Damage(t, file, true)
		_, _, err := b.Take(t.Context(), file)
		var unreadable *store.Unreadable
		if !errorsAs(err, &unreadable) {
			t.Fatalf("Take() of a damaged segment (truncated: %v) gave error:\n%+v", truncate, err)
		}
		if _, err := os.Stat(unreadable.SetAside); err != nil {
			t.Errorf("the damaged segment is not where the error says: %v", err)
		}
		if _, err := os.Stat(file); err == nil {
			t.Error("the damaged segment is still in its spool folder")
		}
		expectLost(t, b, filepath.Base(file))
	}
	b.takeTrace(t, 100, 1, 5)
	b.expect(t, all, "AZFWFlowTrace | count", "5")
}

// expectLost expects the loss of one file, until it is told.
func expectLost(t *testing.T, b *bench, file string) {
	t.Helper()
	lost, err := b.Lost(t.Context())
	if err != nil || len(lost) != 1 {
		t.Fatalf("Lost() = %+v, error:\n%+v", lost, err)
	}
	if l := lost[0]; l.File != file || l.Table != "AZFWFlowTrace" || !l.From.Equal(at) || l.Reason == "" || l.Noticed.IsZero() ||
		!slices.Equal(l.Parts, []store.LostPart{{Firewall: "lab-" + b.fw.Source.Firewall}}) {
		t.Errorf("Lost() = %+v", l)
	}
	if err := b.Told(t.Context(), file); err != nil {
		t.Errorf("Told() error:\n%+v", err)
	}
	if lost, err := b.Lost(t.Context()); err != nil || len(lost) != 0 {
		t.Errorf("Lost() after Told() = %+v, error:\n%+v", lost, err)
	}
}

func sizes(t *testing.T, b *bench) {
	b.takeTrace(t, 0, 3, 1000)
	tables, err := b.Tables(t.Context())
	if err != nil {
		t.Fatalf("Tables() error:\n%+v", err)
	}
	i := slices.IndexFunc(tables, func(x store.Table) bool { return x.Name == "AZFWFlowTrace" })
	if i < 0 || len(tables) < 15 {
		t.Fatalf("Tables() lists %d tables", len(tables))
	}
	got := tables[i]
	if got.Rows != 3000 || got.Segments != 3 || got.Bytes < 3000 || got.Bytes > 300_000 ||
		!got.Oldest.Equal(at) || !got.Newest.Equal(at.Add(2999*time.Millisecond)) {
		t.Errorf("Tables() gave %+v", got)
	}
}

func openedAgain(t *testing.T, b *bench) {
	b.takeTrace(t, 0, 4, 50)
	if err := b.Close(); err != nil {
		t.Fatalf("Close() error:\n%+v", err)
	}
	b.Store = b.open(t, b.folder)
	b.expect(t, all, "AZFWFlowTrace | summarize count(), dcount(EventNumber)", "200 200")
}

func noRows(t *testing.T, b *bench) {
	tables, err := b.Tables(t.Context())
	if err != nil {
		t.Fatalf("Tables() error:\n%+v", err)
	}
	for _, table := range tables {
		b.expect(t, all, fmt.Sprintf("%s | where TimeGenerated > ago(1d) | take 10", table.Name))
		b.expect(t, all, table.Name+" | count", "0")
	}
}

// hiddenColumns are there where a query names them.
func hiddenColumns(t *testing.T, b *bench) {
	b.takeTrace(t, 0, 2, 10)
	b.expect(t, all, "AZFWFlowTrace | getschema | where ColumnName startswith '_' | project ColumnName", "_ResourceId", "_SubscriptionId")
	for _, text := range []string{
		"AZFWFlowTrace | where _BilledSize between (100.0 .. 1000.0) and _IsBillable == 'True' | count",
		"AZFWFlowTrace | extend x = 1 | order by x | where _BilledSize > 100 | count",
		"let t = AZFWFlowTrace | where Ttl > 0; t | where _BilledSize > 100 | count",
		"union AZFWFlowTrace, AZFWNatRule | count",
		"AZFWFlowTrace | top 20 by _BilledSize | count",
		"AZFWFlowTrace | where EventNumber in ((AZFWFlowTrace | where _BilledSize > 100 | project EventNumber)) | count",
		"let t = materialize(AZFWFlowTrace | project EventNumber, _BilledSize); t | join kind=inner (t) on EventNumber, _BilledSize | count",
		"AZFWFlowTrace | extend b = _BilledSize | project-away EventNumber | where isnotnull(b) | count",
		"AZFWFlowTrace | summarize b = countif(_BilledSize > 100)",
		"AZFWFlowTrace | summarize b = sumif(1, _BilledSize > 100)",
		"AZFWFlowTrace | summarize by EventNumber, _BilledSize | where _BilledSize > 100 | count",
		"union (AZFWFlowTrace | project b = _BilledSize), (AZFWNatRule | project b = _BilledSize) | where b > 100 | count",
		"AZFWFlowTrace | project b = pack_array(_BilledSize) | mv-expand b to typeof(real) | where b > 100 | count",
		"AZFWFlowTrace | order by EventNumber asc | extend p = prev(_BilledSize, 1, 101.0) | where p > 100 | count",
		"AZFWFlowTrace | summarize make_list(_BilledSize) | project array_length(list__BilledSize)",
		"AZFWFlowTrace | where _BilledSize < toscalar(AZFWFlowTrace | summarize max(_BilledSize)) + 1 | count",
		"AZFWFlowTrace | extend b = column_ifexists(strcat('_Billed', 'Size'), real(null)) | where b > 100 | count",
	} {
		b.expect(t, all, text, "20")
	}
	b.expect(t, all, "AZFWFlowTrace | extend _BilledSize = 'mine' | take 1 | project _BilledSize", "mine")
}

func mistakes(t *testing.T, b *bench) {
	_, err := store.Run(t.Context(), b.Store, store.Query{Text: "AZFWFlowTrace | where Flagg == 'SYN'"})
	if err == nil || !strings.Contains(err.Error(), "Flagg") {
		t.Errorf("a query with a mistake gave error %v", err)
	}
}

func cancelled(t *testing.T, b *bench) {
	b.takeTrace(t, 0, 1, 10)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	a, err := store.Run(ctx, b.Store, store.Query{Text: "range x from 1 to 100000000 step 1 | summarize dcount(tostring(x * x))"})
	if err == nil {
		_, err = result.Read(a.Rows)
	}
	if err == nil {
		t.Error("a query that was cancelled gave no error")
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("a query that was cancelled after 100 ms ended after %v", took)
	}
	b.expect(t, all, "AZFWFlowTrace | count", "10")
}

// limits asks for more rows than a result may have, and for no limit.
func limits(t *testing.T, b *bench) {
	b.takeTrace(t, 0, 1, 10)
	const many = 60_000
	for unbounded, want := range map[bool]int{true: 10 * many, false: 0} {
		a, err := store.Run(t.Context(), b.Store, store.Query{Scope: store.Scope{Unbounded: unbounded},
			Text: fmt.Sprintf("AZFWFlowTrace | project Flag, k = 1 | join kind=inner (range x from 1 to %d step 1 | extend k = 1) on k | project x, Flag", many)})
		if err != nil {
			t.Fatalf("unbounded %v: Run() error:\n%+v", unbounded, err)
		}
		rows := 0
		for ; err == nil; rows++ {
			_, err = a.Rows.Next()
		}
		if closed := a.Rows.Close(); closed != nil {
			t.Errorf("Close() error:\n%+v", closed)
		}
		if got := rows - 1; unbounded != errors.Is(err, io.EOF) || unbounded && got != want {
			t.Errorf("unbounded %v: %d rows, error %v", unbounded, got, err)
		}
	}
}
