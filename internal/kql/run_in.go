package kql

import (
	"context"
	"errors"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// Session is where a store runs the parts of one query.
type Session interface {
	bind.Runner
	// Query runs a plan.
	Query(ctx context.Context, q *plan.Query) (result.Rows, error)
	// Unbound lifts the limits of the results that follow: their rows come while
	// they are found. It is asked for by name, so that no wrapping hides it.
	Unbound()
	// Close ends the session and what it holds.
	Close() error
}

// RunIn runs a query in a session of a store. The session ends when the
// answer's rows are closed, or at once where there is no answer. The error is
// of type [syntax.Diagnostics] when the query is at fault.
func RunIn(ctx context.Context, s Session, text string, o Options) (*Answer, error) {
	a, err := runIn(ctx, s, text, o)
	if err != nil {
		s.Close()
		return nil, err
	}
	a.Rows = &closing{Rows: a.Rows, s: s}
	return a, nil
}

func runIn(ctx context.Context, s Session, text string, o Options) (*Answer, error) {
	tree, ds := syntax.Parse(text)
	if err := ds.Err(); err != nil {
		return nil, err
	}
	bound, ds := bind.Query(ctx, tree, o.bind(s))
	if bound.Err != nil {
		return nil, bound.Err
	}
	if err := ds.Err(); err != nil {
		return nil, err
	}
	if o.Unbounded {
		s.Unbound()
	}
	q := bound.Queries[0]
	rows, err := s.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	return &Answer{Rows: rows, Render: q.Render, RenderWith: q.RenderWith, Set: bound.Options}, nil
}

// closing ends the session with the rows.
type closing struct {
	result.Rows
	s Session
}

// Close implements [result.Rows].
func (c *closing) Close() error {
	if c.s == nil {
		return nil
	}
	err := errors.Join(c.Rows.Close(), c.s.Close())
	c.s = nil
	return err
}
