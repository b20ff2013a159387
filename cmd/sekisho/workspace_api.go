package main

import (
	"context"
	"errors"

	"github.com/sekisho/sekisho/internal/api"
	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/workspace"
)

// apiWorkspace is a workspace as the protocols see it.
type apiWorkspace struct {
	*workspace.Workspace
	fresh *freshener
}

// Tables implements [api.Workspace].
func (apiWorkspace) Tables(context.Context) ([]api.Table, error) {
	schema := store.Schema()
	var out []api.Table
	for _, t := range logs.AllTables() {
		known, _ := schema.Table(t.Name)
		out = append(out, apiTable(t, known))
	}
	return out, nil
}

func apiTable(t *logs.Table, known *catalog.Table) api.Table {
	out := api.Table{Name: t.Name, Doc: t.Doc}
	for i, c := range t.Columns {
		out.Columns = append(out.Columns, api.Column{Name: c.Name, Type: known.Columns[i].Type, Doc: c.Doc})
	}
	return out
}

// Query implements [api.Workspace].
func (w apiWorkspace) Query(ctx context.Context, q api.Query) (*kql.Answer, error) {
	scope := store.Scope{Resource: q.Resource, From: q.From, To: q.To, Unbounded: true}
	w.fresh.freshen(ctx, scope)
	a, err := w.Workspace.Query(ctx, store.Query{Text: q.Text, Now: q.Now, Parameters: q.Parameters, Scope: scope})
	var busy *workspace.Throttled
	if errors.As(err, &busy) {
		return nil, &api.Throttled{Capacity: busy.Running}
	}
	return a, err
}
