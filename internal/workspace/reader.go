package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/store"
)

// Reader answers queries over a folder of segments and changes nothing in it,
// whether a workspace runs over it or not.
type Reader struct {
	store     store.Store
	temporary string
}

// OpenFolder opens the folder of a workspace, or of segments.
func OpenFolder(ctx context.Context, folder string, timeout time.Duration) (*Reader, error) {
	if below := filepath.Join(folder, "segments"); isFolder(below) {
		folder = below
	}
	if !isFolder(folder) {
		return nil, fmt.Errorf("open folder of segments: %s is not a folder", folder)
	}
	id, _ := os.ReadFile(filepath.Join(filepath.Dir(folder), "id")) // rows without TenantId otherwise
	temporary, err := os.MkdirTemp("", "sekisho-query-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for what does not fit into memory: %w", err)
	}
	s, err := store.OpenEmbedded(ctx, store.EmbeddedConfig{Folder: folder, ReadOnly: true, Tenant: string(trimmed(id)),
		Memory: 1_000_000_000, Threads: runtime.NumCPU(), Timeout: timeout, Temporary: temporary})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(temporary))
	}
	return &Reader{s, temporary}, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
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
