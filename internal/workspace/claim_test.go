package workspace_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// Two workspaces do not share out what comes into a spool: the second says who has it. It
// takes nothing from a folder below its own that another has, and all when that one ends.
func TestASpoolIsOneWorkspaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, makeFolder(t, filepath.Join(dir, "first")))
	cfg := workspace.Config{Name: "second", Folder: filepath.Join(dir, "second"), Spools: []string{first.spool}, Query: workspace.Limits{Memory: "256MB"}}
	_, err := workspace.Open(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), first.spool+": another workspace takes segments from it") ||
		!strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Fatalf("Open() error:\n%+v", err)
	}
	above := filepath.Join(dir, "above")
	if err := os.Symlink(first.spool, filepath.Join(makeFolder(t, filepath.Join(above, "spool")), "shared")); err != nil {
		t.Fatal(err)
	}
	second := start(t, above)
	fw := storetest.NewFirewall("fw-a")
	for n := range uint32(20) {
		fw.Close(t, first.spool, fw.Trace(time.Now(), time.Microsecond, 100*n, 10))
	}
	until(t, first, "AZFWFlowTrace | count", "200")
	until(t, second, "AZFWFlowTrace | count", "0")
	first.end()
	fw.Close(t, first.spool, fw.Trace(time.Now(), time.Microsecond, 5000, 10))
	until(t, second, "AZFWFlowTrace | count", "10")
}

// A file that cannot be taken keeps no others back, and is told once.
func TestOneFileKeepsNoOthersBack(t *testing.T) {
	t.Parallel()
	w := start(t, t.TempDir())
	fw := storetest.NewFirewall("fw-a")
	// Older than the others, and not to be had: a link to itself.
	bad := filepath.Join(w.spool, "20260101T000000.000000Z~AZFWFlowTrace~fw-a~b5f5d5a2-2f54-4b8e-9a0e-6d1f2c3b4a59~0000000001~0.parquet")
	if err := os.Symlink(bad, bad); err != nil {
		t.Fatal(err)
	}
	for n := range uint32(3) {
		fw.Close(t, w.spool, fw.Trace(time.Now(), time.Microsecond, 100*n, 10))
		until(t, w, "AZFWFlowTrace | count", fmt.Sprint(10*(n+1)))
	}
	for range 3 {
		w.Ingest(t.Context())
	}
	if told := strings.Count(w.log.String(), "a segment cannot be taken and stays in its folder"); told != 1 || !strings.Contains(w.log.String(), filepath.Base(bad)) {
		t.Errorf("told %d times:\n%s", told, w.log)
	}
	if s := w.Status(); s.Waiting != 1 || s.Stuck != "" {
		t.Errorf("status %+v", s)
	}
}

// As the documents say: a merged file that was set aside is put back by way of a spool.
func TestAMergedFileIsPutBack(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := start(t, folder)
	fw, now := storetest.NewFirewall("fw-a"), time.Now()
	for n := range uint32(25) {
		fw.Close(t, w.spool, fw.Trace(now, time.Microsecond, 100*n, 10))
	}
	until(t, w, "AZFWFlowTrace | count", "250")
	workspace.TendNow(t.Context(), w.Workspace)
	files, err := filepath.Glob(filepath.Join(folder, "data", "segments", "AZFWFlowTrace", "*", "*~1.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatalf("merged files: %v, %v", files, err)
	}
	backup, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	until(t, w, "AZFWFlowTrace | count", "0")
	until(t, w, "CaptureLoss | where Place == 'workspace' | summarize sum(Count)", "250")
	if err := os.WriteFile(filepath.Join(w.spool, filepath.Base(files[0])), backup, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, w, "AZFWFlowTrace | summarize count(), dcount(EventNumber)", "250 250")
}
