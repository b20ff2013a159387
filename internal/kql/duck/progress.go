package duck

import (
	"context"
	"database/sql/driver"
	"sync"

	mapping "github.com/duckdb/duckdb-go-bindings"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Progress tells how much of a query is done until its first row, while another
// goroutine runs it. Its zero value is ready.
type Progress struct {
	mu   sync.Mutex
	conn *mapping.Connection // of the statement that runs; nil between them
}

type progressKey struct{}

// WithProgress has queries of a context tell a progress.
func WithProgress(ctx context.Context, p *Progress) context.Context {
	return context.WithValue(ctx, progressKey{}, p)
}

// Done is the share of the running statement that is done, from 0 to 1. It is not
// known where none runs, and for some plans of DuckDB.
func (p *Progress) Done() (share float64, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return 0, false
	}
	now := mapping.QueryProgress(*p.conn)
	percent, _, _ := mapping.QueryProgressTypeMembers(&now)
	return percent / 100, percent >= 0 && percent <= 100
}

// watch has the progress of a context, if there is one, tell of a connection until
// stop is called. DuckDB counts only where it is told to, and then would draw a bar
// of its own.
func watch(ctx context.Context, c *duckdb.Conn, conn mapping.Connection) (stop func(), err error) {
	p, ok := ctx.Value(progressKey{}).(*Progress)
	if !ok {
		return func() {}, nil
	}
	for _, pragma := range []string{"PRAGMA disable_print_progress_bar", "PRAGMA enable_progress_bar"} {
		if _, err := c.ExecContext(ctx, pragma, []driver.NamedValue{}); err != nil {
			return nil, err
		}
	}
	p.set(&conn)
	return func() { p.set(nil) }, nil
}

func (p *Progress) set(conn *mapping.Connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn = conn
}
