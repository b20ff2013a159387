package duck

import (
	"context"
	"database/sql"
	"testing"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/internal/kql/progress"
)

// TestProgress looks at a statement from beside while it runs: the share rises, and
// there is none before and after.
func TestProgress(t *testing.T) {
	t.Parallel()
	e, err := Open(t.Context(), DefaultConfig(), func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, "CREATE TABLE numbers AS SELECT range AS n FROM range(4000000)")
		return err
	})
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	defer e.Close()
	var p progress.Progress
	if share, known := p.Done(); known {
		t.Errorf("before the statement %v is done", share)
	}
	ended := make(chan error)
	go func() {
		s, err := e.Session(context.Background())
		if err != nil {
			ended <- err
			return
		}
		defer s.Close()
		ended <- s.conn.Raw(func(c any) error {
			r, err := openStream(progress.With(context.Background(), &p), c.(*duckdb.Conn), "SELECT count(DISTINCT sha256(n::VARCHAR)) FROM numbers", nil)
			if err != nil {
				return err
			}
			return r.close()
		})
	}()
	var seen []float64
	for tick := time.NewTicker(time.Millisecond); ; {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("the statement failed: %v", err)
			}
			if share, known := p.Done(); known || len(seen) < 3 {
				t.Errorf("shares %v; behind the end %v (known: %v)", seen, share, known)
			}
			return
		case <-tick.C:
			share, known := p.Done()
			if !known || share <= 0 || share >= 1 || len(seen) > 0 && share == seen[len(seen)-1] {
				continue
			}
			if len(seen) > 0 && share < seen[len(seen)-1] {
				t.Errorf("the share fell to %v behind %v", share, seen)
			}
			seen = append(seen, share)
		}
	}
}
