package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
)

// openEmbedded opens a store with as little as a test needs.
func openEmbedded(t *testing.T, folder string) store.Store {
	t.Helper()
	s, err := store.OpenEmbedded(t.Context(), config(folder))
	if err != nil {
		t.Fatalf("OpenEmbedded() error:\n%+v", err)
	}
	return s
}

func config(folder string) store.EmbeddedConfig {
	return store.EmbeddedConfig{Folder: filepath.Join(folder, "segments"), Temporary: filepath.Join(folder, "temporary"),
		Tenant: "5c1f1d6e-0000-4000-8000-000000000001", Memory: 256_000_000, Threads: 2, Timeout: time.Minute}
}

func TestEmbeddedConforms(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openEmbedded)
}
