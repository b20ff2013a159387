package store

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// view is a generation of the folder's list, which stays as it is until the view
// is closed, and a session of DuckDB.
type view struct {
	*duck.Session
	store *Embedded
	scope Scope
	pin   *segment.Generation

	// billed is whether the query that is about to run reads _BilledSize.
	billed bool

	mu     sync.Mutex
	opened map[string]opened // the files that relations name, by their paths
	failed error             // what made a query fail that may be a file's fault
}

// Catalog implements [View].
func (v *view) Catalog() catalog.Catalog { return tables{v} }

// tables are the catalog of a view. A table's files are looked up when a query
// is run, because only then it is known which times it needs.
type tables struct{ v *view }

// Table implements [catalog.Catalog].
func (c tables) Table(name string) (*catalog.Table, bool) {
	t, ok := logs.Lookup(name)
	if !ok {
		return nil, false
	}
	return &catalog.Table{Name: name, Doc: t.Doc, Columns: c.v.store.columns[t],
		Resolve: func(ctx context.Context, need catalog.Need) (string, error) {
			return c.v.relation(ctx, t, need), nil
		}}, true
}

// Names implements [catalog.Catalog].
func (c tables) Names() []string { return c.v.store.names }

// relation is the SQL of a table with at least the rows that are needed, over no
// more files than may have such rows in the view's scope.
func (v *view) relation(ctx context.Context, t *logs.Table, need catalog.Need) string {
	first, last := need.From.Time(), need.To.Time()
	if v.scope.From.After(first) {
		first = v.scope.From
	}
	if end := v.scope.To.Add(-1); !v.scope.To.IsZero() && end.Before(last) { // a row at To is outside
		last = end
	}
	var files []string
	if !first.After(last) {
		for _, s := range holding(v.pin.Segments(t.Name, first, last), need.Where) {
			files = append(files, s.Path)
		}
	}
	return v.store.relationOver(t, v.open(t, v.store.inScope(ctx, files, v.scope)), v.scope, v.billed)
}

// open remembers the files that are about to be opened, without those that a
// read-only store passes over.
func (v *view) open(t *logs.Table, files []string) []string {
	v.store.mu.Lock()
	defer v.store.mu.Unlock()
	files = slices.DeleteFunc(files, func(f string) bool { return v.store.passed[f] })
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, f := range files {
		v.opened[f] = opened{t}
	}
	return files
}

// Query implements [kql.Session].
func (v *view) Query(ctx context.Context, q *plan.Query) (result.Rows, error) {
	v.billed = needs(q, billedColumn)
	r, err := v.Session.Query(ctx, q)
	if err != nil {
		v.note(err)
		return nil, err
	}
	return &watched{r, v}, nil
}

// Rows implements the binder's runner.
func (v *view) Rows(ctx context.Context, q *plan.Query) ([][]any, error) {
	r, err := v.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	t, err := result.Read(r)
	return t.Data, err
}

// note remembers an error that a file may have caused.
func (v *view) note(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) || errors.Is(err, duck.ErrTimeout) ||
		errors.Is(err, duck.ErrTooLarge) || errors.Is(err, duck.ErrMemory) || errors.Is(err, duck.ErrTemporary) {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.failed = err
}

// watched tells the view of errors between rows.
type watched struct {
	result.Rows
	v *view
}

// Next implements [result.Rows].
func (w *watched) Next() ([]any, error) {
	row, err := w.Rows.Next()
	if err != nil {
		w.v.note(err)
	}
	return row, err
}

// Close implements [kql.Session].
func (v *view) Close() error {
	if v.pin == nil {
		return nil
	}
	v.pin.Release()
	v.pin = nil
	v.store.queries.Done()
	return v.Session.Close()
}
