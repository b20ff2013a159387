package kql_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/result"
)

// fullAndGaps has columns without a null, and the same ones with nulls.
const fullAndGaps = `datatable (id: long, i: int, t: datetime, d: timespan, b: bool, s: string, gi: int, gl: long, gt: datetime, gd: timespan, gb: bool) [
	1, 5, datetime(2026-03-01 10:00), 1m, true, "a", 5, 7, datetime(2026-03-01 10:00), 1m, true,
	2, -3, datetime(2026-03-01 09:00), -1m, false, "b", int(null), long(null), datetime(null), timespan(null), bool(null),
	3, 2147483647, datetime(2026-03-02), 7d, true, "", 2147483647, 9223372036854775807, datetime(2262-04-11 23:47:16.8547758), timespan(10675199.02:48:05.4775807), false,
	4, -2147483648, datetime(2026-02-01), 0s, false, "a", -2147483648, -9223372036854775808, datetime(1700-01-01), timespan(-10675199.02:48:05.4775808), true,
	5, 0, datetime(2026-03-03), 3s, true, "c", int(null), long(null), datetime(null), timespan(null), bool(null)]`

// TestNeverNull asks the same of a Parquet file whose statistics tell which
// columns have no null, and of one of which that is not known: the SQL differs,
// the answers must not.
func TestNeverNull(t *testing.T) {
	t.Parallel()
	e, known := parquetTable(t, fullAndGaps)
	table, _ := known.Table("T")
	blind := *table
	blind.Columns = slices.Clone(table.Columns)
	for i, c := range table.Columns {
		if want := len(c.Name) == 1 || c.Name == "id"; c.NotNull != want {
			t.Fatalf("column %s: NotNull is %t", c.Name, c.NotNull)
		}
		blind.Columns[i].NotNull = false
	}
	for _, query := range neverNullQueries {
		want := lines(t, run(t, e, query, kql.Options{Catalog: catalog.NewStatic(&blind)}))
		got := lines(t, run(t, e, query, kql.Options{Catalog: known}))
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" || len(got) < 2 {
			t.Errorf("%s\nrows (-not known +known to have no null):\n%s", query, diff)
		}
	}
}

var neverNullQueries = []string{
	"T | summarize arg_max(i, id, gi), arg_min(i, gl) by b", "T | summarize arg_max(gi, id), arg_min(gi, s) by b",
	"T | summarize arg_max(t, *) by b", "T | summarize arg_min(gt, *) by s", "T | summarize arg_max(d, id), arg_min(gd, id)",
	"T | summarize arg_max(b, b), arg_min(gb, gb), arg_max(gl, id) by s", "T | where id in (2, 5) | summarize arg_max(gi, id) by id",
	"T | summarize make_set(i), make_set(gi), make_set(s), make_set_if(gl, b), make_set(b) by b | project b, array_length(set_i), array_length(set_gi), array_length(set_s), array_length(set_gl), array_length(set_b)",
	"T | project tostring(id), tostring(gi), strcat(i, ':', gl)", "T | project i != 5, gi != 5, gi == 5, i == 5, i != gi, b != gb, t != gt, s != 'a'",
	"T | where i != gi", "T | where gi != i", "T | where gi != 5", "T | where t != datetime(2026-03-01 10:00)", "T | where gt != datetime(2026-03-01 10:00)",
	"T | project isnull(t), isnull(gt), isnotnull(t), isnotnull(gt), isnull(s), isnull(gi)", "T | where isnotnull(gt) | count", "T | where isnull(gt)",
	"T | join kind=inner T on $left.gi == $right.gi | project id, id1", "T | join kind=inner T on $left.i == $right.gi | project id, id1",
	"T | join kind=leftouter (T | where id < 3) on $left.gi == $right.i | extend x = tostring(i1), y = i1 != 5, z = s1 != '', w = isnull(t1)",
	"T | join kind=rightouter (T | where id < 4) on $left.i == $right.gi | extend x = tostring(id), y = i != 5, v = isnotnull(t)",
	"T | join kind=fullouter (T | where id > 2) on $left.gl == $right.id | extend x = tostring(i), y = tostring(i1), z = i != i1 | summarize arg_max(i1, z), arg_max(i, y), count() by x",
	"T | join kind=leftanti (T | where id < 3) on gi", "T | join kind=leftsemi (T | where id < 3) on gi", "T | join kind=rightanti (T | where id < 3) on $left.i == $right.gi",
	"T | where gi in ((T | project i))", "T | where gi !in ((T | project i))", "T | where i in ((T | project gi)) or b", "T | project id, x = gi in ((T | project i)), y = i !in ((T | project gi))",
	"T | project id, i | union (T | project id, i = gi) | extend x = tostring(i), y = i != 5", "T | project id | union (T | project i) | extend x = tostring(id), y = tostring(i)",
	"T | top 2 by i", "T | top 2 by gi asc", "T | order by gi asc, i | take 3", "T | top 3 by i | project id", "T | top 3 by i | extend x = id | top 2 by x", "T | partition by b (top 1 by i)",
}

// parquetTable writes an answer to a file, and opens it as T.
func parquetTable(t *testing.T, query string) (*duck.Engine, catalog.Catalog) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rows.parquet")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Write(f, "parquet", run(t, newEngine(t), query, kql.Options{})); err != nil {
		t.Fatalf("Write() error:\n%+v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	e, tables, err := duck.OpenFiles(context.Background(), duck.DefaultConfig(), []duck.FileTable{{Name: "T", Pattern: file}})
	if err != nil {
		t.Fatalf("OpenFiles() error:\n%+v", err)
	}
	t.Cleanup(func() { e.Close() })
	return e, tables
}
