package main

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/workspace"
)

// freshTime is how long a command waits for the newest rows at most.
const freshTime = time.Second

// freshen brings the newest rows of this host's firewalls into a workspace before
// it is asked: whoever asks about a connection has often just made it. Firewalls
// that do not answer, or whose sockets are not this user's to open, are left out:
// their rows come by themselves within a second or so. It returns the resource ids
// of those whose rows are there now, all that were made before.
func freshen(ctx context.Context, client *workspace.Client) (fresh []string) {
	ctx, cancel := context.WithTimeout(ctx, freshTime)
	defer cancel()
	status, err := client.Status(ctx)
	if err != nil {
		return nil // whoever asks is told
	}
	fresh = flush(ctx, status.Spools)
	if client.Ingest(ctx) != nil {
		return nil
	}
	return fresh
}

// flush has the firewalls of this host that put segments into some spool folders
// close what they have. It returns the resource ids of those that did.
func flush(ctx context.Context, spools []string) (fresh []string) {
	running, _ := control.Running(ctx) // those that answer
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, fw := range running {
		if !takes(spools, fw.Spool) {
			continue
		}
		all.Go(func() {
			if control.NewClient(fw.ID).Flush(ctx) == nil { // a full disk: the firewall tells
				mu.Lock()
				defer mu.Unlock()
				fresh = append(fresh, fw.ResourceID)
			}
		})
	}
	all.Wait()
	return fresh
}

// takes reports whether a workspace takes segments from a folder: one of its
// spool folders, or one directly below.
func takes(spools []string, folder string) bool {
	folder = filepath.Clean(folder) // an empty one is "." then, which is no spool
	return slices.ContainsFunc(spools, func(s string) bool {
		return filepath.Clean(s) == folder || filepath.Clean(s) == filepath.Dir(folder)
	})
}
