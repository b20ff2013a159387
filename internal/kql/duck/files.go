package duck

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/catalog"
)

// FileTable is a table that files hold.
type FileTable struct {
	Name string
	// Pattern names the files; * and ? stand for other letters. The ending
	// says what they are: .parquet, .csv, .jsonl, .json.
	Pattern string
}

// ParseFileTable reads Name=pattern.
func ParseFileTable(s string) (FileTable, error) {
	name, pattern, ok := strings.Cut(s, "=")
	if !ok || name == "" || pattern == "" {
		return FileTable{}, fmt.Errorf("the table %q is not of the form NAME=FILE", s)
	}
	return FileTable{name, pattern}, nil
}

// readers are DuckDB's functions by the ending of a file.
var readers = map[string]string{
	".parquet": "read_parquet(%s, union_by_name = true)",
	".csv":     "read_csv(%s, union_by_name = true)",
	".jsonl":   "read_json(%s, format = 'newline_delimited', union_by_name = true)",
	".ndjson":  "read_json(%s, format = 'newline_delimited', union_by_name = true)",
	".json":    "read_json(%s, union_by_name = true)",
}

// OpenFiles starts an engine that can read these files and nothing else, and a
// catalog with a table for each.
func OpenFiles(ctx context.Context, cfg Config, tables []FileTable) (*Engine, catalog.Catalog, error) {
	found := catalog.Static{}
	var sources []source
	for _, t := range tables {
		s, err := find(t)
		if err != nil {
			return nil, nil, err
		}
		cfg.Files = append(cfg.Files, s.files...)
		sources = append(sources, s)
	}
	e, err := Open(ctx, cfg, func(ctx context.Context, c *sql.Conn) error {
		for i, s := range sources {
			table, err := s.table(ctx, c, fmt.Sprintf("kql_file_%d", i+1))
			if err != nil {
				return fmt.Errorf("read files of table %s: %w", s.name, err)
			}
			found[s.name] = table
		}
		return nil
	})
	return e, found, err
}

// source is the files of a table.
type source struct {
	name string
	// relation is the call that reads them.
	relation string
	files    []string
	// json and parquet tell what they are.
	json, parquet bool
}

// find finds a table's files.
func find(t FileTable) (source, error) {
	ending := strings.ToLower(filepath.Ext(t.Pattern))
	reader, ok := readers[ending]
	if !ok {
		return source{}, fmt.Errorf("the file %q is not one of .parquet, .csv, .jsonl, .json", t.Pattern)
	}
	matches, err := filepath.Glob(t.Pattern)
	if err != nil {
		return source{}, fmt.Errorf("find files of table %s: %w", t.Name, err)
	}
	if len(matches) == 0 {
		return source{}, fmt.Errorf("there is no file %q for the table %s", t.Pattern, t.Name)
	}
	out := source{name: t.Name, json: strings.Contains(ending, "json"), parquet: ending == ".parquet"}
	for _, m := range matches {
		abs, err := filepath.Abs(m)
		if err != nil {
			return source{}, fmt.Errorf("find files of table %s: %w", t.Name, err)
		}
		out.files = append(out.files, abs)
	}
	out.relation = fmt.Sprintf(reader, quoteList(out.files))
	return out, nil
}

// table makes a view of the files and reads its columns.
func (s source) table(ctx context.Context, c *sql.Conn, view string) (*catalog.Table, error) {
	t, err := s.view(ctx, c, view)
	if err != nil {
		return nil, err
	}
	if relation, ok := envelope(t, s.files); ok && s.json {
		s.relation = relation
		if t, err = s.view(ctx, c, view); err != nil {
			return nil, err
		}
	}
	if s.parquet {
		if err := describeParquet(ctx, c, t, s.files); err != nil {
			return nil, err
		}
	}
	catalog.Document(t)
	return t, nil
}

func (s source) view(ctx context.Context, c *sql.Conn, view string) (*catalog.Table, error) {
	if _, err := c.ExecContext(ctx, "CREATE OR REPLACE VIEW "+view+" AS SELECT * FROM "+s.relation); err != nil {
		return nil, err
	}
	return Describe(ctx, c, s.name, view)
}

// Describe makes the catalog's entry for a table or view of DuckDB. The
// relation is SQL of the store, not of a query.
func Describe(ctx context.Context, c *sql.Conn, name, relation string) (*catalog.Table, error) {
	rows, err := c.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM "+relation+")")
	if err != nil {
		return nil, fmt.Errorf("describe table %s: %w", name, err)
	}
	defer rows.Close()
	out := &catalog.Table{Name: name, Relation: relation}
	for rows.Next() {
		var col catalog.Column
		if err := rows.Scan(&col.Name, &col.Physical); err != nil {
			return nil, fmt.Errorf("describe table %s: %w", name, err)
		}
		col.Type = KustoType(col.Physical)
		out.Columns = append(out.Columns, col)
	}
	return out, rows.Err()
}
