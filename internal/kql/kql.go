// Package kql runs queries in KQL, the Kusto Query Language, with Kusto's
// meaning.
//
// A query goes through four rooms, each of which knows only those before it:
// syntax reads the text, bind gives its names a meaning and makes a plan, sqlgen
// writes the plan as SQL with bound arguments, and duck runs that on DuckDB in
// memory. What KQL can calculate is one table, in funcs; values and types are
// in value, tables come from a catalog, results go to the writers of result. Who waits for one
// looks at how much is done through progress.
//
// Mistakes in a query are [syntax.Diagnostics], with line, column and hint.
package kql

import (
	"context"
	"time"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Options are what a query runs with.
type Options struct {
	Catalog catalog.Catalog
	// Now is what now() gives; the zero time stands for the present.
	Now time.Time
	// Parameters are values for declare query_parameters.
	Parameters map[string]any
	// Unbounded leaves the size of the result to whoever reads it, row by row.
	// What the engine itself has to hold keeps its limits.
	Unbounded bool
}

func (o Options) bind(r bind.Runner) bind.Options {
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	return bind.Options{Catalog: o.Catalog, Now: value.FromTime(now), Runner: r, Parameters: o.Parameters}
}

// Answer is what a query gives.
type Answer struct {
	// Rows are those of the query's first tabular statement. Closing them ends
	// the query.
	Rows result.Rows
	// Render is the chart that the query asks for, "" for a table.
	Render     string
	RenderWith map[string]string
	// Set is what set statements said, by name.
	Set map[string]any
}

// Run runs a query. The error is of type [syntax.Diagnostics] when the query is
// at fault.
func Run(ctx context.Context, e *duck.Engine, text string, o Options) (*Answer, error) {
	s, err := e.Session(ctx)
	if err != nil {
		return nil, err
	}
	return RunIn(ctx, s, text, o)
}

// Check says what is wrong with a query, without running it.
func Check(ctx context.Context, text string, o Options) syntax.Diagnostics {
	_, ds := Columns(ctx, text, o)
	return ds
}

// Columns gives the columns that a query would give, as far as they are known
// without running it, and what is wrong with it.
func Columns(ctx context.Context, text string, o Options) ([]*plan.Column, syntax.Diagnostics) {
	tree, ds := syntax.Parse(text)
	bound, more := bind.Query(ctx, tree, o.bind(nil))
	ds = append(ds, more...)
	if len(bound.Queries) == 0 {
		return nil, ds
	}
	return bound.Queries[0].Cols, ds
}
