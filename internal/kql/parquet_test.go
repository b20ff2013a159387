package kql_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/result"
)

// everyValue has a column of each type, with its bounds, odd values and null.
const everyValue = `datatable (z: bool, i: int, l: long, r: real, d: decimal, s: string, t: datetime, span: timespan, g: guid, dyn: dynamic, ['a.b c']: string) [
	true, 2147483647, 9223372036854775807, 1.5, decimal(12345678901234567890.123456789), "x", datetime(2026-03-01 10:00:00.1234567), time(1.02:03:04.0000005), guid(74be27de-1e4e-49d9-b579-fe0b331d3642), dynamic({"a":[1,null,"é"]}), "p",
	false, -2147483648, -9223372036854775807, real(nan), decimal(-0.1), "", datetime(1700-01-01), -7d, guid(00000000-0000-0000-0000-000000000000), dynamic("text"), "'q'",
	bool(null), int(null), long(null), real(null), decimal(null), "é\n\"", datetime(null), timespan(null), guid(null), dynamic(null), "",
	true, 0, 0, real(+inf), decimal(0), "NULL", datetime(2262-04-11 23:47:16.8547758), 0s, guid(74be27de-1e4e-49d9-b579-fe0b331d3642), dynamic([]), "r"]`

// TestParquetRoundTrip writes an answer and reads it back as a table: the
// columns, types and values are the same.
func TestParquetRoundTrip(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"every type": everyValue,
		"no rows":    everyValue + " | where s == 'nothing'",
		"many rows":  "range x from 1 to 300000 step 1 | extend s = strcat('host', x % 100), t = datetime(2026-03-01) + x * 10tick, half = iff(x % 2 == 0, long(null), x)",
		"long order": "print b = 1, a = 2, c = 3, B2 = 4, ['1'] = 5",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := run(t, newEngine(t), query, kql.Options{})
			file := filepath.Join(t.TempDir(), "result.parquet")
			f, err := os.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			copied := *want
			if err := result.Write(f, "parquet", &copied); err != nil {
				t.Fatalf("Write() error:\n%+v", err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			e, c, err := duck.OpenFiles(context.Background(), duck.DefaultConfig(), []duck.FileTable{{Name: "T", Pattern: file}})
			if err != nil {
				t.Fatalf("OpenFiles() error:\n%+v", err)
			}
			t.Cleanup(func() { e.Close() })
			got := run(t, e, "T", kql.Options{Catalog: c})
			if diff := cmp.Diff(want.Cols, got.Cols); diff != "" {
				t.Errorf("columns (-written +read):\n%s", diff)
			}
			if diff := cmp.Diff(lines(t, want), lines(t, got)); diff != "" {
				t.Errorf("rows (-written +read):\n%s", diff)
			}
		})
	}
}

func run(t *testing.T, e *duck.Engine, query string, o kql.Options) *result.Table {
	t.Helper()
	answer, err := kql.Run(context.Background(), e, query, o)
	if err != nil {
		t.Fatalf("Run(%s) error:\n%+v", query, err)
	}
	out, err := result.Read(answer.Rows)
	if err != nil {
		t.Fatalf("Run(%s) error:\n%+v", query, err)
	}
	return out
}

func lines(t *testing.T, table *result.Table) []string {
	t.Helper()
	copied := *table
	var b bytes.Buffer
	if err := result.Write(&b, "jsonl", &copied); err != nil {
		t.Fatal(err)
	}
	return strings.Split(b.String(), "\n")
}

func TestParquetRefuses(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"print t = datetime(0001-01-01)":                  "the column t holds 0001-01-01T00:00:00.0000000Z",
		"print t = datetime(2262-04-11 23:47:16.8547759)": "write it as text: tostring(t)",
	} {
		err := result.Write(&bytes.Buffer{}, "parquet", run(t, newEngine(t), query, kql.Options{}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Write(%s) error %v, want %q", query, err, want)
		}
	}
}
