package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/segment"
	"github.com/sekisho/sekisho/internal/store"
)

// Reader answers queries over a folder of segments and changes nothing in it,
// whether a workspace runs over it or not.
type Reader struct {
	store     store.Store
	temporary string
	// Changed is when the folder was changed last.
	Changed time.Time
	// Waiting is how many segments are read where they wait to be taken, and
	// Closed are spool folders that are not this user's to read.
	Waiting int
	Closed  []string
}

// Reading is how a folder is read.
type Reading struct {
	// Timeout ends a query.
	Timeout time.Duration
	// Memory in bytes and Threads are what queries may take; 1 GB and all cores
	// where they are 0.
	Memory  int64
	Threads int
	// Spools are folders with segments that a workspace would take; their rows
	// are read too.
	Spools []string
}

// OpenFolder opens the folder of a workspace, or of segments.
func OpenFolder(ctx context.Context, folder string, how Reading) (*Reader, error) {
	if below := filepath.Join(folder, "segments"); checkFolder(below) == nil || errors.Is(checkFolder(below), fs.ErrPermission) {
		folder = below
	}
	if err := checkFolder(folder); err != nil {
		return nil, fmt.Errorf("open folder of segments: %w", err)
	}
	id, _ := os.ReadFile(filepath.Join(filepath.Dir(folder), "id")) // rows without TenantId otherwise
	temporary, err := os.MkdirTemp("", "sekisho-query-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for what does not fit into memory: %w", err)
	}
	r := &Reader{temporary: temporary}
	files := r.lookInto(how.Spools)
	r.store, err = store.OpenEmbedded(ctx, store.EmbeddedConfig{Folder: folder, ReadOnly: true, Waiting: files, Tenant: string(trimmed(id)),
		Memory: cmp.Or(how.Memory, readerMemory), Threads: cmp.Or(how.Threads, runtime.NumCPU()), Timeout: how.Timeout, Temporary: temporary})
	if err != nil {
		return nil, errors.Join(explainFolder(folder, err), os.RemoveAll(temporary))
	}
	r.Changed, _ = segment.Changed(folder) // a folder without its list is read all the same
	return r, nil
}

// readerMemory is what a workspace takes too where its file does not say.
const readerMemory = 1_000_000_000

// lookInto finds the segments that wait in spool folders.
func (r *Reader) lookInto(spools []string) []string {
	for _, dir := range spools {
		if _, err := os.ReadDir(dir); errors.Is(err, fs.ErrPermission) {
			r.Closed = append(r.Closed, dir)
		}
	}
	files := waiting(foldersOf(spools))
	r.Waiting = len(files)
	return files
}

// checkFolder says why a path cannot be a folder to read.
func checkFolder(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return explainFolder(path, err)
	case err != nil || !info.IsDir():
		return fmt.Errorf("%s is not a folder", path)
	}
	return nil
}

// explainFolder says what to do about a folder that is not this user's to read.
func explainFolder(path string, err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fmt.Errorf("read %s: %w\n  hint: run as root, or as a member of the group of that folder (sekisho, for a service's)", path, fs.ErrPermission)
}

func trimmed(id []byte) []byte {
	if len(id) >= 36 && guidForm.Match(id[:36]) {
		return id[:36]
	}
	return nil
}

// Query implements [Asker].
func (r *Reader) Query(ctx context.Context, q store.Query) (*kql.Answer, error) {
	return store.Run(ctx, r.store, q)
}

// Tables implements [Asker].
func (r *Reader) Tables(ctx context.Context) ([]TableSize, error) { return sizesOf(ctx, r.store) }

// Close ends the reader.
func (r *Reader) Close() error { return errors.Join(r.store.Close(), os.RemoveAll(r.temporary)) }
