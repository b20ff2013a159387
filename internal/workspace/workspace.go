// Package workspace is where the logs of any number of firewalls land, are kept
// and are asked.
//
// It is stateless over its store: what it knows besides is what it counted since
// it started. Any number of firewalls put closed segments into spool folders;
// the workspace takes them from there, and a segment that comes twice counts
// once. Nothing that a firewall does waits for it.
//
//	config.go, limits.go  its file; its units in units.go
//	workspace.go          open, run, close
//	ingest.go, watch.go   spool folders → store
//	claim.go              that no other workspace takes from them
//	tend.go               merging and retention
//	heartbeat.go, own.go  rows that the workspace itself writes
//	lost.go               rows about rows whose file is damaged or gone
//	query.go, turns.go    what is asked, of which firewall, and how much at a time
//	sizes.go              what is kept, and what Azure would bill
//	evidence.go           stored rows → connections, for diagnosis
//	server.go, client.go  its socket; progress.go is how much of a query is done
//	left.go, reader.go    its folder, known and read while it does not run
package workspace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/store"
)

// Workspace is one that is open. It is safe for concurrent use.
type Workspace struct {
	cfg     Config
	id      string
	store   store.Store
	log     *slog.Logger
	started time.Time
	unlock  func() error

	turns  *turns
	own    *ownRows
	claims *claims
	taking sync.Mutex // one at a time, so that segments come in their order
	mu     sync.Mutex
	seen   seen
}

// Open opens the workspace's folder, which is made where it is missing. Only one
// process can have it open.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Workspace, error) {
	// What is above is not the workspace's alone: others must find theirs there.
	if err := os.MkdirAll(filepath.Dir(cfg.Folder), 0o755); err != nil {
		return nil, fmt.Errorf("make folder of the workspace: %w", err)
	}
	for _, dir := range []string{cfg.Folder, cfg.segments(), cfg.temporary(), cfg.own()} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, fmt.Errorf("make folder of the workspace: %w", err)
		}
	}
	unlock, err := lockFolder(filepath.Join(cfg.Folder, "lock"))
	if err != nil {
		return nil, err
	}
	w, err := open(ctx, cfg, log)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	w.unlock = unlock
	return w, nil
}

func open(ctx context.Context, cfg Config, log *slog.Logger) (*Workspace, error) {
	id, err := readID(filepath.Join(cfg.Folder, "id"))
	if err != nil {
		return nil, err
	}
	s, err := store.OpenEmbedded(ctx, cfg.embedded(id))
	if err != nil {
		return nil, err
	}
	w := &Workspace{cfg: cfg, id: id, store: s, log: log, started: time.Now(), turns: cfg.turns(), own: newOwnRows(cfg), claims: newClaims(), seen: newSeen()}
	for _, dir := range cfg.spools() {
		if err := w.claims.claim(dir); err != nil {
			return nil, errors.Join(err, s.Close(), w.claims.release())
		}
	}
	return w, nil
}

// Name is what the workspace is called, and its database for Kusto's clients.
func (w *Workspace) Name() string { return w.cfg.Name }

// ID is the GUID that is the TenantId of its rows.
func (w *Workspace) ID() string { return w.id }

// Run takes segments, merges, removes what is too old and writes heartbeats,
// until the context ends. Ready, if not nil, is called when the spool folders
// are watched.
func (w *Workspace) Run(ctx context.Context, ready func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var loops sync.WaitGroup
	for _, loop := range []func(context.Context) error{
		func(ctx context.Context) error { return w.ingest(ctx, ready) }, w.tend, w.beat,
	} {
		loops.Go(func() {
			if err := loop(ctx); err != nil {
				cancel(err)
			}
		})
	}
	loops.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// Close ends the workspace; running queries end first.
func (w *Workspace) Close() error {
	return errors.Join(w.store.Close(), w.claims.release(), w.unlock())
}
