package api_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sekisho/sekisho/internal/api"
	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/logs"
)

const (
	workspaceID = "8d3c1d02-9f44-4f0e-8a6b-2f5f0c6b7e11"
	firewallA   = "/subscriptions/4b2f1a86-3c1d-4b7e-9a55-0f3d6f5a1c01/resourcegroups/rg-hub/providers/microsoft.network/azurefirewalls/fw-a"
	firewallB   = "/subscriptions/4b2f1a86-3c1d-4b7e-9a55-0f3d6f5a1c01/resourcegroups/rg-spoke/providers/microsoft.network/azurefirewalls/fw-b"
)

// workspace answers queries with the real engine over files: the rows of
// testdata/rows, and a million more in Parquet as the table Million.
type workspace struct {
	engine *duck.Engine
	tables []*catalog.Table
}

func (w *workspace) Name() string { return "hub" }
func (w *workspace) ID() string   { return workspaceID }

func (w *workspace) Tables(context.Context) ([]api.Table, error) {
	var out []api.Table
	for _, t := range w.tables {
		table := api.Table{Name: t.Name}
		known, ok := logs.Lookup(t.Name)
		if ok {
			table.Doc = known.Doc
		}
		for i, c := range t.Columns {
			column := api.Column{Name: c.Name, Type: c.Type}
			if ok {
				column.Doc = known.Columns[i].Doc
			}
			table.Columns = append(table.Columns, column)
		}
		out = append(out, table)
	}
	return out, nil
}

func (w *workspace) Query(ctx context.Context, q api.Query) (*kql.Answer, error) {
	scoped := catalog.Static{}
	for _, t := range w.tables {
		limited := *t
		limited.Relation = "(SELECT * FROM " + t.Relation + " WHERE " + scope(q) + ")"
		scoped[t.Name] = &limited
	}
	return kql.Run(ctx, w.engine, q.Text, kql.Options{Catalog: scoped, Now: q.Now, Parameters: q.Parameters, Unbounded: true})
}

// scope writes a query's scope in SQL.
func scope(q api.Query) string {
	conditions := []string{"true"}
	if !q.From.IsZero() {
		conditions = append(conditions, fmt.Sprintf("TimeGenerated >= make_timestamp(%d)", q.From.UnixMicro()))
	}
	if !q.To.IsZero() {
		conditions = append(conditions, fmt.Sprintf("TimeGenerated < make_timestamp(%d)", q.To.UnixMicro()))
	}
	if q.Resource != "" {
		id := strings.ReplaceAll(q.Resource, "'", "''")
		conditions = append(conditions, "(_ResourceId = '"+id+"' OR starts_with(_ResourceId, '"+id+"/'))")
	}
	return strings.Join(conditions, " AND ")
}

var physical = map[logs.Type]string{logs.String: "VARCHAR", logs.Int: "INTEGER", logs.Long: "BIGINT", logs.Real: "DOUBLE", logs.DateTime: "TIMESTAMP", logs.Bool: "BOOLEAN"}

// shared is the workspace of all tests: they only read.
var shared struct {
	once   sync.Once
	folder string
	*workspace
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.workspace != nil {
		shared.engine.Close()
	}
	os.RemoveAll(shared.folder)
	os.Exit(code)
}

// openWorkspace gives the workspace that all tests share.
func openWorkspace(t testing.TB) *workspace {
	t.Helper()
	shared.once.Do(func() {
		if shared.folder, shared.err = os.MkdirTemp("", "api-test-"); shared.err == nil {
			shared.workspace, shared.err = newWorkspace(shared.folder)
		}
	})
	if shared.err != nil {
		t.Fatalf("make workspace: %+v", shared.err)
	}
	return shared.workspace
}

// newWorkspace makes a workspace. Tables without a file have no rows.
func newWorkspace(folder string) (*workspace, error) {
	rows, err := filepath.Abs("testdata/rows")
	if err != nil {
		return nil, err
	}
	million := filepath.Join(folder, "million.parquet")
	w := &workspace{}
	cfg := duck.DefaultConfig()
	cfg.Memory, cfg.Threads, cfg.TempDirectory, cfg.Directories = "256MB", 2, folder, []string{folder, rows}
	w.engine, err = duck.Open(context.Background(), cfg, func(ctx context.Context, c *sql.Conn) error {
		for _, table := range logs.Tables() {
			if err := w.add(ctx, c, table.Name, rowsOf(table)); err != nil {
				return err
			}
		}
		_, err := c.ExecContext(ctx, "COPY (SELECT make_timestamp(1780272000000000 + range * 1000) AS TimeGenerated, range AS Id, "+
			"'10.' || (range % 7) || '.' || (range % 200) || '.4' AS SourceIp, CAST(range AS DOUBLE) / 7 AS Rtt, '"+firewallA+"' AS _ResourceId "+
			"FROM range(1000000)) TO '"+million+"' (FORMAT parquet)")
		if err != nil {
			return err
		}
		return w.add(ctx, c, "Million", "SELECT * FROM read_parquet('"+million+"')")
	})
	return w, err
}

func (w *workspace) add(ctx context.Context, c *sql.Conn, name, query string) error {
	if _, err := c.ExecContext(ctx, "CREATE VIEW rows_"+name+" AS "+query); err != nil {
		return err
	}
	table, err := duck.Describe(ctx, c, name, "rows_"+name)
	w.tables = append(w.tables, table)
	return err
}

// rowsOf is the SQL that reads a table's file with all its columns.
func rowsOf(table *logs.Table) string {
	var types, nulls []string
	for _, c := range table.Columns {
		types = append(types, fmt.Sprintf(`"%s": '%s'`, c.Name, physical[c.Type]))
		nulls = append(nulls, fmt.Sprintf(`CAST(NULL AS %s) AS "%s"`, physical[c.Type], c.Name))
	}
	file, err := filepath.Abs("testdata/rows/" + table.Name + ".jsonl")
	if err != nil {
		panic(err)
	}
	if _, err := os.Stat(file); err != nil {
		return "SELECT " + strings.Join(nulls, ", ") + " WHERE false"
	}
	return "SELECT * FROM read_json('" + file + "', format = 'newline_delimited', columns = {" + strings.Join(types, ", ") + "})"
}

var _ api.Workspace = (*workspace)(nil)
