package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
)

var at = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// filled opens a store with segments of ten rows each, ten seconds apart.
func filled(t *testing.T, folder string, segments int) store.Store {
	t.Helper()
	s := openEmbedded(t, folder)
	t.Cleanup(func() { s.Close() })
	fw := storetest.NewFirewall("fw-a")
	for i := range segments {
		file := fw.Close(t, folder, fw.Trace(at.Add(time.Duration(i)*10*time.Second), time.Second, uint32(10*i), 10))
		if _, fresh, err := s.Take(t.Context(), file); err != nil || !fresh {
			t.Fatalf("Take() gave fresh %v, error:\n%+v", fresh, err)
		}
	}
	return s
}

func ask(t *testing.T, s store.Store, text string) []string {
	t.Helper()
	lines, err := tryAsk(t.Context(), s, text)
	if err != nil {
		t.Fatalf("%s: error:\n%+v", text, err)
	}
	return lines
}

func tryAsk(ctx context.Context, s store.Store, text string) ([]string, error) {
	a, err := store.Run(ctx, s, store.Query{Text: text, Now: at.Add(time.Hour)})
	if err != nil {
		return nil, err
	}
	rows, err := result.Read(a.Rows)
	return storetest.Lines(rows.Data), err
}

const sums = "AZFWFlowTrace | summarize count(), dcount(EventNumber), sum(Ttl), dcount(SourceIp), dcount(ConnectionId)"

// TestDamagedSegment damages a segment that was taken: the query answers from
// the others, and the file is set aside.
func TestDamagedSegment(t *testing.T) {
	t.Parallel()
	for name, truncate := range map[string]bool{"cut off": true, "bytes changed": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			s := filled(t, folder, 5)
			storetest.Damage(t, storetest.Files(t, filepath.Join(folder, "segments"))[2], truncate)
			if diff := cmp.Diff([]string{"40 40 2520 40 11"}, ask(t, s, sums)); diff != "" {
				t.Errorf("sums without the damaged segment (-want +got):\n%s", diff)
			}
			aside, err := os.ReadDir(filepath.Join(folder, "segments", "damaged"))
			if err != nil || len(aside) != 3 {
				t.Errorf("there are not the damaged segment, its report and its loss: %v, error:\n%+v", aside, err)
			}
		})
	}
}

// TestDamagedSegmentOfAReader has another process's folder, in which nothing may
// be changed.
func TestDamagedSegmentOfAReader(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	filled(t, folder, 5)
	cfg := config(folder)
	cfg.ReadOnly = true
	r, err := store.OpenEmbedded(t.Context(), cfg)
	if err != nil {
		t.Fatalf("OpenEmbedded() error:\n%+v", err)
	}
	defer r.Close()
	files := storetest.Files(t, cfg.Folder)
	storetest.Damage(t, files[2], true)
	for range 2 {
		if diff := cmp.Diff([]string{"40 40 2520 40 11"}, ask(t, r, sums)); diff != "" {
			t.Errorf("sums without the damaged segment (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(files, storetest.Files(t, cfg.Folder)); diff != "" {
		t.Errorf("a reader changed the folder (-before +after):\n%s", diff)
	}
}

// TestSegmentsVanish merges and deletes files under a reader in another process,
// as a store of its own stands for here.
func TestSegmentsVanish(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := filled(t, folder, 5)
	cfg := config(folder)
	cfg.ReadOnly = true
	r, err := store.OpenEmbedded(t.Context(), cfg)
	if err != nil {
		t.Fatalf("OpenEmbedded() error:\n%+v", err)
	}
	defer r.Close()
	want := ask(t, r, sums)
	if _, err := s.Tend(t.Context(), at.Add(time.Minute), store.Retention{"": {Age: 35 * time.Second}}); err != nil {
		t.Fatalf("Tend() error:\n%+v", err)
	}
	// The grace for readers is over.
	for _, f := range storetest.Files(t, cfg.Folder)[:2] {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	got := ask(t, r, sums)
	if cmp.Equal(want, got) || !strings.HasPrefix(got[0], "30 30") {
		t.Errorf("a reader sees %v after files were removed, and saw %v before", got, want)
	}
}

// TestASegmentIsDeletedByHand has somebody make room with rm: the others answer,
// once and ever after, and what is gone is told.
func TestASegmentIsDeletedByHand(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := filled(t, folder, 5)
	files := storetest.Files(t, filepath.Join(folder, "segments"))
	for _, f := range files[:2] {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if got := ask(t, s, "AZFWFlowTrace | count"); !cmp.Equal(got, []string{"30"}) {
			t.Errorf("%v rows, want 30", got)
		}
	}
	if tables, err := s.Tables(t.Context()); err != nil || tables[0].Rows != 30 {
		t.Errorf("Tables() gave %+v, error:\n%+v", tables[0], err)
	}
	done, err := s.Tend(t.Context(), at.Add(time.Minute), nil)
	if err != nil {
		t.Fatalf("Tend() error:\n%+v", err)
	}
	if text := strings.Join(done.Notes, "\n"); len(done.Notes) != 2 || !strings.Contains(text, filepath.Base(files[0])) || !strings.Contains(text, filepath.Base(files[1])) {
		t.Errorf("notes:\n%s", text)
	}
}

// TestOlderSegments has a segment that lacks a column, as a program wrote it
// whose table had fewer.
func TestOlderSegments(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := filled(t, folder, 3)
	files := storetest.Files(t, filepath.Join(folder, "segments"))
	for _, file := range files[:2] {
		withoutColumns(t, file, "Ttl", "Verdict")
	}
	for range 2 {
		if diff := cmp.Diff([]string{"30 30 630 30 8"}, ask(t, s, sums)); diff != "" {
			t.Errorf("sums over segments that lack Ttl (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{" 20", "Allow 8", "Drop 2"}, ask(t, s, "AZFWFlowTrace | summarize count() by Verdict | order by Verdict asc")); diff != "" {
			t.Errorf("verdicts over segments that lack them (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff([]string{"10"}, ask(t, s, "AZFWFlowTrace | where TimeGenerated < datetime(2026-11-24T10:00:10Z) and isnull(Ttl) | count")); diff != "" {
		t.Errorf("rows of a segment that lacks Ttl (-want +got):\n%s", diff)
	}
}

// withoutColumns writes a Parquet file anew without some of its columns.
func withoutColumns(t *testing.T, file string, columns ...string) {
	t.Helper()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	text := fmt.Sprintf("COPY (SELECT * EXCLUDE (%s) FROM read_parquet('%s')) TO '%s.new' (FORMAT parquet)", strings.Join(columns, ", "), file, file)
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// TestLimits has queries that take too much. What does not fit into memory goes
// to the temporary folder, where there is one.
func TestLimits(t *testing.T) {
	t.Parallel()
	const grouping = "range x from 1 to 4000000 step 1 | extend s = strcat(tostring(x % 1000003), '-', tostring(x), '-abcdefghijklmnopqrstuvwxyz') | summarize n = count() by s | summarize sum(n), max(s)"
	for _, c := range []struct {
		name   string
		change func(*store.EmbeddedConfig)
		want   error
	}{
		{"with a temporary folder", func(*store.EmbeddedConfig) {}, nil},
		{"without", func(c *store.EmbeddedConfig) { c.Temporary = "" }, duck.ErrMemory},
		{"too long", func(c *store.EmbeddedConfig) { c.Timeout = 20 * time.Millisecond }, duck.ErrTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := config(t.TempDir())
			cfg.Memory = 100_000_000
			c.change(&cfg)
			s, err := store.OpenEmbedded(t.Context(), cfg)
			if err != nil {
				t.Fatalf("OpenEmbedded() error:\n%+v", err)
			}
			defer s.Close()
			_, err = tryAsk(t.Context(), s, grouping)
			if !errors.Is(err, c.want) {
				t.Errorf("a query that groups by 4 million texts in 100 MB gave error:\n%+v\nwant:\n%v", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is more than a sentence:\n%v", err)
			}
		})
	}
}
