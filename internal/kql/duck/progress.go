package duck

import (
	"context"
	"database/sql/driver"

	mapping "github.com/duckdb/duckdb-go-bindings"
	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/internal/kql/progress"
)

// watch has the progress of a context, if there is one, tell of a connection until
// stop is called. DuckDB counts only where it is told to, and then would draw a bar
// of its own.
func watch(ctx context.Context, c *duckdb.Conn, conn mapping.Connection) (stop func(), err error) {
	p := progress.Of(ctx)
	if p == nil {
		return func() {}, nil
	}
	for _, pragma := range []string{"PRAGMA disable_print_progress_bar", "PRAGMA enable_progress_bar"} {
		if _, err := c.ExecContext(ctx, pragma, []driver.NamedValue{}); err != nil {
			return nil, err
		}
	}
	return p.Watch(func() (share float64, known bool) {
		now := mapping.QueryProgress(conn)
		percent, _, _ := mapping.QueryProgressTypeMembers(&now)
		return percent / 100, percent >= 0 && percent <= 100 // for some plans DuckDB does not know
	}), nil
}
