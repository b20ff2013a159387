package segment

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/logs"
)

// duck asks DuckDB, another reader of Parquet than the one we use.
func duck(tb testing.TB, query string) [][]any {
	tb.Helper()
	db, err := sql.Open("duckdb", "")
	must(tb, err)
	defer db.Close()
	rows, err := db.Query(query)
	must(tb, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(tb, err)
	var all [][]any
	for rows.Next() {
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		must(tb, rows.Scan(places...))
		for i, v := range values {
			if t, ok := v.(time.Time); ok {
				values[i] = t.UTC()
			}
		}
		all = append(all, values)
	}
	must(tb, rows.Err())
	return all
}

// stored is what a row's segment has of it.
func stored(r logs.Row) []any {
	b := newBatch(r.Table())
	b.add([]logs.Row{r})
	values := make([]any, len(b.columns))
	for i := range b.columns {
		if c := &b.columns[i]; c.present == 1 {
			values[i] = r.Value(i)
		}
	}
	return values
}

func TestAnotherReaderReadsASegment(t *testing.T) {
	t.Parallel()
	rows := newTraffic(1).rows(3000)
	info := closed(t, 1, rows)
	var want [][]any
	for _, r := range rows {
		want = append(want, stored(r))
	}
	got := duck(t, fmt.Sprintf("SELECT * FROM read_parquet('%s')", info.Path))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-rows +read):\n%.2000s", diff)
	}
	var names []string
	for _, r := range duck(t, fmt.Sprintf("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('%s'))", info.Path)) {
		names = append(names, fmt.Sprint(r[0], " ", r[1]))
	}
	sqlTypes := map[logs.Type]string{logs.String: "VARCHAR", logs.Int: "INTEGER", logs.Long: "BIGINT", logs.Real: "DOUBLE",
		logs.Bool: "BOOLEAN", logs.DateTime: "TIMESTAMP WITH TIME ZONE"}
	var schema []string
	for _, c := range logs.FlowTrace.Columns {
		schema = append(schema, c.Name+" "+sqlTypes[c.Type])
	}
	if diff := cmp.Diff(schema, names); diff != "" {
		t.Errorf("(-table +file):\n%s", diff)
	}
	if !strings.Contains(info.Path, "20261129T100000.") || info.Rows != 3000 || !info.From.Equal(rows[0].Time()) || !info.To.Equal(rows[2999].Time()) {
		t.Errorf("info: %+v", info)
	}
	again, err := ReadInfo(info.Path)
	must(t, err)
	if diff := cmp.Diff(info, again); diff != "" {
		t.Errorf("(-closed +read):\n%s", diff)
	}
}
