package duck

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// TestShutIn tries the ways out of the engine, in SQL, which queries never
// write: what is behind the dialect must hold by itself.
func TestShutIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.csv")
	if err := os.WriteFile(secret, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	allowed := filepath.Join(dir, "allowed.csv")
	if err := os.WriteFile(allowed, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, tables, err := OpenFiles(context.Background(), DefaultConfig(), []FileTable{{"T", allowed}})
	if err != nil {
		t.Fatalf("OpenFiles() error:\n%+v", err)
	}
	defer e.Close()
	table, _ := tables.Table("T")
	for _, sql := range []string{
		"SELECT * FROM read_csv('" + secret + "')", "SELECT * FROM '" + secret + "'", "SELECT * FROM read_text('/etc/passwd')",
		"SELECT * FROM glob('" + dir + "/*')", "COPY (SELECT 1) TO '" + dir + "/out.csv'", "EXPORT DATABASE '" + dir + "/db'",
		"ATTACH '" + dir + "/x.db'", "INSTALL httpfs", "LOAD httpfs", "SELECT * FROM read_csv('https://127.0.0.1:1/x.csv')",
		"SET enable_external_access = true", "SET memory_limit = '8GB'", "SET lock_configuration = false", "RESET memory_limit",
		"SELECT getenv('HOME')", "CREATE SECRET s (TYPE s3)",
	} {
		if rows, err := e.db.Query(sql); err == nil {
			rows.Close()
			t.Errorf("%s is allowed", sql)
		}
	}
	if rows, err := e.db.Query("SELECT * FROM " + table.Relation); err != nil {
		t.Errorf("the file that was given cannot be read: %v", err)
	} else {
		rows.Close()
	}
}

// series is a plan that counts, for limits.
func series(n int64) *plan.Query {
	c := &plan.Column{ID: 1, Name: "x", Type: value.LongType}
	return &plan.Query{Node: &plan.Series{Col: c, From: int64(1), To: n, Step: int64(1), Max: n}, Cols: []*plan.Column{c}}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.Rows = 10
	e, err := Open(context.Background(), cfg, nil)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	defer e.Close()
	for n, want := range map[int64]error{10: nil, 11: ErrTooLarge} {
		if _, err := run(e, context.Background(), series(n)); !errors.Is(err, want) {
			t.Errorf("a query of %d rows gives error %v, want %v", n, err, want)
		}
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.Timeout, cfg.Rows = 50*time.Millisecond, 0
	e, err := Open(context.Background(), cfg, nil)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	defer e.Close()
	if _, err := run(e, context.Background(), series(1e9)); !errors.Is(err, ErrTimeout) {
		t.Errorf("a long query gives error %v, want %v", err, ErrTimeout)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := run(e, ctx, series(1e9)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled query gives error %v, want %v", err, context.Canceled)
	}
}

func run(e *Engine, ctx context.Context, q *plan.Query) (*result.Table, error) {
	s, err := e.Session(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	rows, err := s.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	return result.Read(rows)
}
