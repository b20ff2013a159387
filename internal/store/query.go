package store

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/result"
)

// Query is a question to a store.
type Query struct {
	Text string
	Scope
	// Now is what now() gives; the zero time stands for the present.
	Now time.Time
	// Parameters are values for declare query_parameters.
	Parameters map[string]any
}

// attempts is how often a query is run at most: each time that it fails by a
// file that is gone or damaged, it finds one file less.
const attempts = 5

// Run answers a query in a view of the store, and closes the view with the
// answer's rows. Where a file turns out to be damaged, or was removed by another
// process, the query runs again without it, as long as nobody has seen a row.
func Run(ctx context.Context, s Store, q Query) (*kql.Answer, error) {
	if q.Now.IsZero() {
		q.Now = time.Now() // the same in every attempt
	}
	for n := 1; ; n++ {
		v, err := s.View(ctx, q.Scope)
		if err != nil {
			return nil, err
		}
		a, err := runIn(ctx, v, q)
		if err == nil {
			return a, nil
		}
		stale := v.Stale(ctx)
		if closed := v.Close(); closed != nil {
			return nil, errors.Join(err, closed)
		}
		if stale == nil {
			return nil, err
		}
		if n == attempts {
			return nil, errors.Join(err, stale)
		}
	}
}

// runIn runs a query up to its first row, so that what is wrong with a file is
// known before anything is handed out. It leaves the view open on an error.
func runIn(ctx context.Context, v View, q Query) (*kql.Answer, error) {
	a, err := kql.RunIn(ctx, unclosed{v}, q.Text, kql.Options{Catalog: v.Catalog(), Now: q.Now, Parameters: q.Parameters, Unbounded: q.Unbounded})
	if err != nil {
		return nil, err
	}
	first, err := a.Rows.Next()
	if err != nil && !errors.Is(err, io.EOF) {
		a.Rows.Close()
		return nil, err
	}
	a.Rows = &rows{Rows: a.Rows, first: first, end: err, view: v}
	return a, nil
}

// unclosed lets a view outlive a query that failed.
type unclosed struct{ View }

// Close implements [kql.Session].
func (unclosed) Close() error { return nil }

// rows hand out the row that was read ahead, and close their view.
type rows struct {
	result.Rows
	first []any
	end   error // io.EOF where there was no first row
	view  View
}

// Next implements [result.Rows].
func (r *rows) Next() ([]any, error) {
	if r.end != nil {
		return nil, r.end
	}
	if row := r.first; row != nil {
		r.first = nil
		return row, nil
	}
	return r.Rows.Next()
}

// Close implements [result.Rows].
func (r *rows) Close() error {
	if r.view == nil {
		return nil
	}
	err := errors.Join(r.Rows.Close(), r.view.Close())
	r.view = nil
	return err
}
