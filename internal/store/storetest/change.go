package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/store"
)

func (b *bench) tend(t *testing.T, now time.Time, keep store.Retention) store.Tended {
	t.Helper()
	done, err := b.Tend(t.Context(), now, keep)
	if err != nil {
		t.Fatalf("Tend() error:\n%+v", err)
	}
	return done
}

// viewStays opens a view and changes the store below it.
func viewStays(t *testing.T, b *bench) {
	b.takeTrace(t, 0, 30, 10)
	v, err := b.View(t.Context(), all)
	if err != nil {
		t.Fatalf("View() error:\n%+v", err)
	}
	defer v.Close()
	count := func() string {
		a, err := kql.RunIn(t.Context(), unclosed{v}, "AZFWFlowTrace | summarize count(), dcount(EventNumber)", kql.Options{Catalog: v.Catalog()})
		if err != nil {
			t.Fatalf("query in a view, error:\n%+v", err)
		}
		rows, err := result.Read(a.Rows)
		if err != nil {
			t.Fatalf("query in a view, error:\n%+v", err)
		}
		return strings.Join(Lines(rows.Data), "\n")
	}
	want := "300 300"
	if got := count(); got != want {
		t.Fatalf("a view shows %s, want %s", got, want)
	}
	b.takeTrace(t, 300, 5, 10)
	if got := count(); got != want {
		t.Errorf("a view shows %s once more segments were taken, want %s", got, want)
	}
	b.tend(t, at.Add(24*time.Hour), nil)
	if got := count(); got != want {
		t.Errorf("a view shows %s once segments were merged, want %s", got, want)
	}
	b.tend(t, at.Add(24*time.Hour), store.Retention{"": {Age: time.Hour}})
	if got := count(); got != want {
		t.Errorf("a view shows %s once all rows were removed, want %s", got, want)
	}
	b.expect(t, all, "AZFWFlowTrace | count", "0")
}

type unclosed struct{ store.View }

func (unclosed) Close() error { return nil }

func retentionByAge(t *testing.T, b *bench) {
	b.takeTrace(t, 0, 5, 10)
	late := at.Add(48 * time.Hour)
	b.take(t, b.fw.Close(t, b.spool, b.fw.Trace(late, time.Second, 1000, 10)))
	b.take(t, b.fw.Close(t, b.spool, b.fw.Others(at)[:1]))
	done := b.tend(t, late.Add(time.Hour), store.Retention{"AZFWFlowTrace": {Age: 24 * time.Hour}, "": {Age: 72 * time.Hour}})
	if done.Removed == 0 {
		t.Error("Tend() removed nothing")
	}
	b.expect(t, all, "AZFWFlowTrace | summarize count(), min(EventNumber) - 1", "10 1000")
	b.expect(t, all, "CaptureLoss | count", "1")
}

func retentionBySize(t *testing.T, b *bench) {
	b.takeTrace(t, 0, 10, 500)
	size := func() (int64, string) {
		tables, err := b.Tables(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range tables {
			if x.Name == "AZFWFlowTrace" {
				return x.Bytes, fmt.Sprint(x.Rows)
			}
		}
		return 0, ""
	}
	before, _ := size()
	b.tend(t, at.Add(time.Minute), store.Retention{"": {Bytes: before / 2}})
	after, rows := size()
	if after > before/2 {
		t.Errorf("a table of %d bytes has %d, with %d allowed", before, after, before/2)
	}
	// The newest stay.
	b.expect(t, all, "AZFWFlowTrace | summarize count(), max(EventNumber) - 1", rows+" 4999")
}

// onceWhileMerging takes, merges and asks at the same time: whatever a query
// sees, it sees once, and without a hole.
func onceWhileMerging(t *testing.T, b *bench) {
	const segments, rows = 120, 20
	end := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
				if _, err := b.Tend(t.Context(), at.Add(time.Hour), nil); err != nil {
					t.Errorf("Tend() error:\n%+v", err)
					return
				}
			}
		}
	})
	for range 2 {
		others.Go(func() {
			for last := int64(0); ; {
				select {
				case <-end:
					return
				default:
				}
				n, err := b.countOnce(t)
				if err != nil || n < last {
					t.Errorf("a query sees %d rows after one that saw %d, error:\n%+v", n, last, err)
					return
				}
				last = n
			}
		})
	}
	b.takeTrace(t, 0, segments, rows)
	close(end)
	others.Wait()
	b.tend(t, at.Add(time.Hour), nil)
	b.expect(t, all, "AZFWFlowTrace | summarize count(), dcount(EventNumber), max(EventNumber) - 1",
		fmt.Sprintf("%d %d %d", segments*rows, segments*rows, segments*rows-1))
}

// countOnce counts the rows, which are numbered from 0 on.
func (b *bench) countOnce(t *testing.T) (int64, error) {
	a, err := store.Run(t.Context(), b.Store, store.Query{Text: "AZFWFlowTrace | summarize n = count(), d = dcount(EventNumber), m = max(EventNumber) - 1"})
	if err != nil {
		return 0, err
	}
	rows, err := result.Read(a.Rows)
	if err != nil {
		return 0, err
	}
	n, d, last := rows.Data[0][0].(int64), rows.Data[0][1].(int64), rows.Data[0][2]
	if n != d || n > 0 && n != last.(int64)+1 {
		return n, errors.New("it sees rows twice, or not all: " + strings.Join(Lines(rows.Data), ""))
	}
	return n, nil
}
