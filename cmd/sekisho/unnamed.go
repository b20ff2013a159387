package main

import (
	"context"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/workspace"
)

// unnamed is the one workspace that runs, or what one left, or why there is
// neither. Queries that need no table, as print does, do not need it: none, or
// several, may run.
type unnamed struct {
	client *workspace.Client
	left   *leftFolder
	why    error
}

func (u unnamed) asker() workspace.Asker {
	if u.left != nil {
		return u.left
	}
	return u.client
}

// clientOf is the client of the workspace that is asked; nil where none runs.
func clientOf(a workspace.Asker) *workspace.Client {
	switch a := a.(type) {
	case *workspace.Client:
		return a
	case unnamed:
		return a.client
	}
	return nil
}

// Tables implements [workspace.Asker].
func (u unnamed) Tables(ctx context.Context) ([]workspace.TableSize, error) {
	if u.why != nil {
		return nil, u.why
	}
	return u.asker().Tables(ctx)
}

// Query implements [workspace.Asker]. A query that names a table is told why
// there is none.
func (u unnamed) Query(ctx context.Context, q store.Query) (*kql.Answer, error) {
	check := func(o kql.Options) error { return kql.Check(ctx, q.Text, o).Err() }
	switch {
	case check(kql.Options{}) == nil:
		return runHere(ctx, q)
	case u.why == nil:
		return u.asker().Query(ctx, q)
	case check(kql.Options{Catalog: store.Schema()}) == nil:
		return nil, u.why
	}
	return runHere(ctx, q) // to be told its mistake
}

// runHere runs a query that reads nothing.
func runHere(ctx context.Context, q store.Query) (*kql.Answer, error) {
	engine, err := duck.Open(ctx, duck.DefaultConfig(), nil)
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	a, err := kql.Run(ctx, engine, q.Text, kql.Options{Now: q.Now, Unbounded: q.Unbounded})
	if err != nil {
		return nil, err
	}
	t, err := result.Read(a.Rows)
	if err != nil {
		return nil, err
	}
	return &kql.Answer{Rows: t, Render: a.Render, RenderWith: a.RenderWith}, nil
}
