package kql_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/result"
)

var update = flag.Bool("update", false, "write the answers of testdata anew")

// flows are some packets of two connections through a firewall, as a store
// would hold them: moments of microseconds, small integers, strings with NULL.
const flows = `CREATE TABLE flows AS SELECT * FROM (VALUES
	(TIMESTAMP '2026-03-01 10:00:00.000001', '10.1.1.4', 41000::USMALLINT, '10.1.2.4', 443::USMALLINT, 'SYN', NULL, 60::BIGINT),
	(TIMESTAMP '2026-03-01 10:00:00.012', '10.1.2.4', 443, '10.1.1.4', 41000, 'SYN-ACK', NULL, 60),
	(TIMESTAMP '2026-03-01 10:00:00.013', '10.1.1.4', 41000, '10.1.2.4', 443, 'ACK', NULL, 52),
	(TIMESTAMP '2026-03-01 10:04:59.999999', '10.1.1.4', 41000, '10.1.2.4', 443, 'FIN', '', 52),
	(TIMESTAMP '2026-03-01 10:05:00', '10.1.1.5', 41001, '10.1.2.4', 8080, 'SYN', 'NO_STATE', 60),
	(TIMESTAMP '2026-03-01 10:07:30', '10.1.1.5', 41001, '10.1.2.4', 8080, 'INVALID', 'NO_STATE', NULL)
	) AS v(TimeGenerated, SourceIp, SourcePort, DestinationIp, DestinationPort, Flag, Reason, Bytes)`

// caseTime is what now() gives in the cases.
var caseTime = time.Date(2026, 3, 1, 10, 10, 0, 0, time.UTC)

func flowEngine(t testing.TB) (*duck.Engine, catalog.Catalog) {
	t.Helper()
	var table *catalog.Table
	e, err := duck.Open(context.Background(), duck.DefaultConfig(), func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, flows)
		if err == nil {
			table, err = duck.Describe(ctx, c, "Flows", "flows")
		}
		return err
	})
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	t.Cleanup(func() { e.Close() })
	return e, catalog.NewStatic(table)
}

// TestCases runs the queries of testdata. A file holds cases with a line of
// "====" between; a case is a query, a line of "----", and what it answers: the
// columns and a line of JSON for each row, or what is wrong with it.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.kql")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob() = %v, %v", files, err)
	}
	engine, tables := flowEngine(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".kql"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, c := range strings.Split(string(text), "====\n") {
				query, want, _ := strings.Cut(c, "----\n")
				have := answer(engine, kql.Options{Catalog: tables, Now: caseTime}, query)
				out = append(out, query+"----\n"+have)
				if diff := cmp.Diff(want, have); diff != "" && !*update {
					t.Errorf("%s\n(-want, +got):\n%s", query, diff)
				}
			}
			if *update {
				if err := os.WriteFile(file, []byte(strings.Join(out, "====\n")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// answer writes what a query gives as the cases have it.
func answer(engine *duck.Engine, o kql.Options, query string) string {
	a, err := kql.Run(context.Background(), engine, query, o)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	t, err := result.Read(a.Rows)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	var b strings.Builder
	for i, c := range t.Cols {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s:%s", c.Name, c.Type)
	}
	b.WriteByte('\n')
	for _, row := range t.Data {
		var parts []string
		for _, v := range row {
			parts = append(parts, result.JSONValue(v))
		}
		b.WriteString(strings.Join(parts, " ") + "\n")
	}
	return b.String()
}
