package workspace_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// A reader keeps within what it is told.
func TestAReaderHasLimits(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	start(t, folder)
	for _, c := range []struct {
		how  workspace.Reading
		want error
	}{
		{workspace.Reading{}, nil},
		{workspace.Reading{Threads: 1, Timeout: time.Minute}, nil},
		{workspace.Reading{Memory: 2_000_000}, duck.ErrMemory},
		{workspace.Reading{Timeout: time.Millisecond}, duck.ErrTimeout},
	} {
		r, err := workspace.OpenFolder(t.Context(), filepath.Join(folder, "data"), c.how)
		if err != nil {
			t.Fatalf("OpenFolder(%+v) error:\n%+v", c.how, err)
		}
		a, err := r.Query(context.Background(), store.Query{Text: "range x from 1 to 500000 step 1 | summarize n = count() by s = strcat('row ', x) | summarize max(s)"})
		if err == nil {
			a.Rows.Close()
		}
		if !errors.Is(err, c.want) {
			t.Errorf("a query within %+v gave error:\n%v\nwant:\n%v", c.how, err, c.want)
		}
		if err := r.Close(); err != nil {
			t.Errorf("Close() error:\n%+v", err)
		}
	}
}

// A reader that is told of spool folders has what waits there, and says how much.
func TestAReaderReadsWhatWaits(t *testing.T) {
	t.Parallel()
	folder, spool := t.TempDir(), t.TempDir()
	start(t, folder)
	fw := storetest.NewFirewall("fw-a")
	if err := os.Mkdir(filepath.Join(spool, "fw-a"), 0o750); err != nil {
		t.Fatal(err)
	}
	fw.Close(t, filepath.Join(spool, "fw-a"), fw.Trace(time.Now(), time.Millisecond, 0, 25))
	r, err := workspace.OpenFolder(t.Context(), filepath.Join(folder, "data"), workspace.Reading{Timeout: time.Minute, Spools: []string{spool, filepath.Join(folder, "none")}})
	if err != nil {
		t.Fatalf("OpenFolder() error:\n%+v", err)
	}
	defer r.Close()
	got := ask(t, r, store.Query{Text: "AZFWFlowTrace | summarize count() by Firewall"})
	if r.Waiting != 1 || len(r.Closed) != 0 || strings.Join(got, ";") != "25 fw-a" && strings.Join(got, ";") != "fw-a 25" {
		t.Errorf("a reader has %d segments that wait, and answers %q", r.Waiting, got)
	}
	tables, err := r.Tables(t.Context())
	for _, table := range tables {
		if table.Name == "AZFWFlowTrace" && table.Rows != 25 {
			t.Errorf("the table's rows are %d, %v", table.Rows, err)
		}
	}
}
