package duck

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// TestTemporaryFolderFull starts with a disk that has next to no room for what
// does not fit into memory. That is told, and not that there is too little memory;
// and when the disk has room, the same query is answered by the same engine.
func TestTemporaryFolderFull(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=4m"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs root to mount a small disk, and must not be skipped in CI: ", err)
		}
		t.Skip("needs root to mount a small disk: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
	cfg := DefaultConfig()
	cfg.Memory, cfg.Threads, cfg.TempDirectory = "64MB", 2, filepath.Join(folder, "temporary")
	e, err := Open(t.Context(), cfg, nil)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	defer e.Close()
	err = groups(t, e)
	if !errors.Is(err, ErrTemporary) || errors.Is(err, ErrMemory) || !strings.Contains(err.Error(), cfg.TempDirectory) {
		t.Errorf("with a full disk the error is\n%v\nwant:\n%v, and the folder", err, ErrTemporary)
	}
	if err := unix.Mount("", folder, "", unix.MS_REMOUNT, "size=1g"); err != nil {
		t.Fatal(err)
	}
	if err := groups(t, e); err != nil {
		t.Errorf("with room again the error is\n%v", err)
	}
}

// groups runs a query that does not fit into 64 MB.
func groups(t *testing.T, e *Engine) error {
	t.Helper()
	tree, ds := syntax.Parse("range x from 1 to 1000000 step 1 | summarize n = count() by s = strcat(x, '-abcdefghijklmnopqrstuvwxyz') | summarize sum(n), max(s)")
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	bound, ds := bind.Query(t.Context(), tree, bind.Options{})
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	_, err := run(e, t.Context(), bound.Queries[0])
	return err
}
