package randomly_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/plainly"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/randomly"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// engines answer queries in the two ways that must agree.
type engines struct {
	duck   *duck.Engine
	plain  plainly.Tables
	tables []randomly.Table
}

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// openEngines loads the tables into DuckDB and into the evaluator.
func openEngines(t testing.TB, tables []randomly.Table) engines {
	t.Helper()
	cfg := duck.DefaultConfig()
	cfg.Threads, cfg.Timeout = 1, 20*time.Second
	e, err := duck.Open(context.Background(), cfg, func(ctx context.Context, c *sql.Conn) error {
		for _, table := range tables {
			if err := load(ctx, c, table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	t.Cleanup(func() { e.Close() })
	return engines{duck: e, plain: plainRows(tables), tables: tables}
}

// load makes a table of DuckDB in the physical types of its columns.
func load(ctx context.Context, c *sql.Conn, t randomly.Table) error {
	var defs, marks []string
	for i, col := range t.Columns {
		defs = append(defs, duck.Dialect{}.Quote(col.Name)+" "+col.Physical)
		marks = append(marks, fmt.Sprintf("$%d", i+1))
	}
	if _, err := c.ExecContext(ctx, "CREATE TABLE "+t.Relation+" ("+strings.Join(defs, ", ")+")"); err != nil {
		return fmt.Errorf("make table %s: %w", t.Name, err)
	}
	for _, row := range t.Rows {
		args := make([]any, len(row))
		for i, v := range row {
			args[i] = stored(v, t.Columns[i].Physical, t.Columns[i].Type)
		}
		if _, err := c.ExecContext(ctx, "INSERT INTO "+t.Relation+" VALUES ("+strings.Join(marks, ", ")+")", args...); err != nil {
			return fmt.Errorf("fill table %s: %w", t.Name, err)
		}
	}
	return nil
}

// stored is a value in the form of its column.
func stored(v any, physical string, t value.Type) any {
	if v == nil {
		return nil
	}
	switch x := v.(type) {
	case value.Datetime:
		if physical == "BIGINT" {
			return int64(x)
		}
		return x.Time()
	case value.Timespan:
		return int64(x)
	case value.Guid:
		return string(x)
	}
	if t == value.DynamicType {
		return value.JSON(v)
	}
	return v
}

// plainRows are the tables as queries see them: strings are never null.
func plainRows(tables []randomly.Table) plainly.Tables {
	out := plainly.Tables{}
	for _, t := range tables {
		for _, row := range t.Rows {
			seen := make([]any, len(row))
			for i, v := range row {
				seen[i] = v
				if v == nil && t.Columns[i].Type == value.StringType {
					seen[i] = ""
				}
			}
			out[t.Name] = append(out[t.Name], seen)
		}
	}
	return out
}

func (e engines) options() kql.Options {
	return kql.Options{Catalog: randomly.Catalog(e.tables), Now: now}
}

// run answers a query by DuckDB.
func (e engines) run(query string) (*result.Table, error) {
	a, err := kql.Run(context.Background(), e.duck, query, e.options())
	if err != nil {
		return nil, err
	}
	return result.Read(a.Rows)
}

// bound binds a query for the evaluator.
func (e engines) bound(query string) (*plan.Query, error) {
	tree, ds := syntax.Parse(query)
	if err := ds.Err(); err != nil {
		return nil, err
	}
	o := e.options()
	r, ds := bind.Query(context.Background(), tree, bind.Options{Catalog: o.Catalog, Now: value.FromTime(now), Runner: plainly.Runner{Tables: e.plain}})
	if err := ds.Err(); err != nil {
		return nil, err
	}
	return r.Queries[0], nil
}
