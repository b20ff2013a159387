package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// EmbeddedConfig is how an embedded store is opened.
type EmbeddedConfig struct {
	// Folder has the segments. It is made where it is missing.
	Folder string
	// ReadOnly changes nothing in the folder, which another process may have
	// open: what cannot be read is passed over and not set aside.
	ReadOnly bool
	// Waiting are segments in spool folders whose rows a read-only store shows
	// as if they had been taken.
	Waiting []string
	// Tenant is the TenantId of all rows.
	Tenant string
	// Memory in bytes and Threads are what all queries may take together.
	Memory  int64
	Threads int
	// Timeout ends a query.
	Timeout time.Duration
	// Temporary is a folder that takes what does not fit into memory; without
	// it such a query fails.
	Temporary string
	// Program is the name and version that merged segments carry.
	Program string
}

// Embedded is DuckDB over the segments of a folder. The segments are the data:
// DuckDB opens them for a query and keeps nothing.
type Embedded struct {
	cfg     EmbeddedConfig
	engine  *duck.Engine
	columns map[*logs.Table][]catalog.Column
	names   []string
	queries sync.WaitGroup // views that are open

	mu     sync.Mutex
	folder *segment.Folder
	// passed are files that a read-only store does not open any more.
	passed map[string]bool
	// uneven are tables some of whose segments lack a column: an older program
	// wrote them.
	uneven  map[*logs.Table]bool
	sources map[writer]Source

	resources resources
}

var _ Store = (*Embedded)(nil)

// OpenEmbedded opens a store.
func OpenEmbedded(ctx context.Context, cfg EmbeddedConfig) (*Embedded, error) {
	root, err := filepath.Abs(cfg.Folder)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	cfg.Folder = root
	e := &Embedded{cfg: cfg, passed: map[string]bool{}, uneven: map[*logs.Table]bool{}, sources: map[writer]Source{}}
	e.columns, e.names = schema()
	if e.folder, err = segment.OpenFolder(root, e.options()); err != nil {
		return nil, err
	}
	if e.engine, err = duck.Open(ctx, e.limits(), nil); err != nil {
		return nil, errors.Join(err, e.folder.Close())
	}
	return e, nil
}

// limits shut DuckDB in: it can read the folder, and nothing else.
func (e *Embedded) limits() duck.Config {
	c := duck.DefaultConfig()
	c.Memory, c.Threads, c.Timeout = fmt.Sprintf("%dB", e.cfg.Memory), e.cfg.Threads, e.cfg.Timeout
	c.TempDirectory, c.Directories, c.Files = e.cfg.Temporary, []string{e.cfg.Folder}, e.cfg.Waiting
	return c
}

// restart has queries run in a DuckDB of their own from now on: the one before
// met what it calls a fatal error. Its queries that are running end with it.
func (e *Embedded) restart(ctx context.Context) error {
	fresh, err := duck.Open(ctx, e.limits(), nil)
	if err != nil {
		return err
	}
	e.mu.Lock()
	old := e.engine
	e.engine = fresh
	e.mu.Unlock()
	return old.Close()
}

func (e *Embedded) session(ctx context.Context) (*duck.Session, error) {
	e.mu.Lock()
	engine := e.engine
	e.mu.Unlock()
	return engine.Session(ctx)
}

func (e *Embedded) options() segment.Options {
	return segment.Options{ReadOnly: e.cfg.ReadOnly, Waiting: e.cfg.Waiting, Program: e.cfg.Program, Grace: max(e.cfg.Timeout, segment.DefaultGrace)}
}

// pin holds the folder's list as it is.
func (e *Embedded) pin() *segment.Generation {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.folder.Pin()
}

// refresh reads the list anew where another process writes it.
func (e *Embedded) refresh() error {
	if !e.cfg.ReadOnly {
		return nil // nobody else writes
	}
	f, err := segment.OpenFolder(e.cfg.Folder, e.options())
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	old := e.folder
	e.folder = f
	return old.Close()
}

// View implements [Store].
func (e *Embedded) View(ctx context.Context, scope Scope) (View, error) {
	if err := scope.check(); err != nil {
		return nil, err
	}
	s, err := e.session(ctx)
	if err != nil {
		return nil, err
	}
	e.queries.Add(1)
	return &view{Session: s, store: e, scope: scope, pin: e.pin(), opened: map[string]opened{}}, nil
}

// Tables implements [Store].
func (e *Embedded) Tables(context.Context) ([]Table, error) {
	g := e.pin()
	defer g.Release()
	var out []Table
	for _, t := range logs.AllTables() {
		sum := g.Total(t.Name)
		out = append(out, Table{Name: t.Name, Rows: sum.Rows, Bytes: sum.Bytes, Segments: sum.Segments, Oldest: sum.Oldest, Newest: sum.Newest})
	}
	return out, nil
}

// Close implements [Store]. It waits for open views.
func (e *Embedded) Close() error {
	e.queries.Wait()
	return errors.Join(e.engine.Close(), e.folder.Close())
}

// sql runs SQL of the store's own in a session of its own.
func (e *Embedded) sql(ctx context.Context, text string, scan func(*sql.Rows) error) error {
	s, err := e.session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	rows, err := s.SQL(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
	}
	return rows.Err()
}
