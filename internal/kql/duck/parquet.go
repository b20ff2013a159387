package duck

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// describeParquet adds to a table's entry what only Parquet files can tell.
func describeParquet(ctx context.Context, c *sql.Conn, t *catalog.Table, files []string) error {
	if err := kustoTypes(ctx, c, t, files); err != nil {
		return fmt.Errorf("read types of Parquet: %w", err)
	}
	if err := notNull(ctx, c, t, files); err != nil {
		return fmt.Errorf("read statistics of Parquet: %w", err)
	}
	return nil
}

// kustoTypes gives columns the types that files of ours name, where that is how
// such a type is carried.
func kustoTypes(ctx context.Context, c *sql.Conn, t *catalog.Table, files []string) error {
	rows, err := c.QueryContext(ctx, "SELECT DISTINCT decode(value) FROM parquet_kv_metadata("+quoteList(files)+") WHERE decode(key) = "+quoteString(result.TypesKey))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		types := map[string]string{}
		if err := json.Unmarshal([]byte(text), &types); err != nil {
			continue // somebody else's key of that name
		}
		for i := range t.Columns {
			col := &t.Columns[i]
			if kind, ok := value.ParseType(types[col.Name]); ok && col.Physical == sqlTypes[kind] && kind != value.DatetimeType {
				col.Type = kind
			}
		}
	}
	return rows.Err()
}

// notNull marks the columns of which every row group of every file says that it
// has no NULL.
func notNull(ctx context.Context, c *sql.Conn, t *catalog.Table, files []string) error {
	rows, err := c.QueryContext(ctx, `SELECT path_in_schema FROM parquet_metadata(`+quoteList(files)+`)
		GROUP BY 1 HAVING bool_and(coalesce(stats_null_count = 0, false)) AND count(DISTINCT file_name) = `+fmt.Sprint(len(files)))
	if err != nil {
		return err
	}
	defer rows.Close()
	known := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		known[name] = true
	}
	for i := range t.Columns {
		t.Columns[i].NotNull = known[t.Columns[i].Name]
	}
	return rows.Err()
}
