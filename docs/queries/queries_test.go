package queries

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/editor"
	"github.com/sekisho/sekisho/internal/kql/oracle"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

var update = flag.Bool("update", false, "write the expected answers anew")

// TestQueries runs each query over the rows of testdata, two hours of two
// firewalls with one of every trouble, and compares the answer.
func TestQueries(t *testing.T) {
	t.Parallel()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	var tables []duck.FileTable
	for _, name := range []string{"AZFWFlowTrace", "AZFWNetworkRule", "Connection", "KernelDrop", "CaptureLoss", "CaptureState"} {
		tables = append(tables, duck.FileTable{Name: name, Pattern: filepath.Join("testdata", name+".jsonl")})
	}
	tables = append(tables, duck.FileTable{Name: "Policy", Pattern: "testdata/policy.json"})
	cfg := duck.DefaultConfig()
	cfg.Threads = 1 // sets have the order in which threads found their values
	engine, c, err := duck.OpenFiles(context.Background(), cfg, tables)
	if err != nil {
		t.Fatalf("OpenFiles() error:\n%+v", err)
	}
	t.Cleanup(func() { engine.Close() })
	for _, q := range all {
		t.Run(q.Name, func(t *testing.T) {
			answer, err := kql.Run(context.Background(), engine, q.Text, kql.Options{Catalog: c})
			if err != nil {
				t.Fatalf("Run() error:\n%+v", err)
			}
			var got bytes.Buffer
			if err := result.Write(&got, "jsonl", answer.Rows); err != nil {
				t.Fatal(err)
			}
			compare(t, filepath.Join("testdata", "answers", q.Name+".jsonl"), got.String())
			if strings.Count(got.String(), "\n") == 0 {
				t.Error("the query finds nothing: no row of testdata shows what it is for")
			}
		})
	}
}

// TestKustoTakesThem asks Microsoft's language service, which knows nothing of
// our engine.
func TestKustoTakesThem(t *testing.T) {
	t.Parallel()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	policy := &catalog.Table{Name: "Policy", Columns: []catalog.Column{{Name: "ruleCollectionGroups", Type: value.DynamicType}}}
	tables := catalog.With(catalog.Logs(), catalog.NewStatic(policy))
	service := oracle.Start(t, map[string]any{"schema": editor.Describe(tables, "db"), "database": "db"})
	for _, q := range all {
		got, err := service.Ask(q.Text)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Errors) > 0 {
			t.Errorf("%s: %+v", q.Name, got.Errors)
		}
		for _, m := range editor.Lint(context.Background(), q.Text, tables) {
			t.Errorf("%s: %+v", q.Name, m)
		}
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestQueriesSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 15 {
		t.Errorf("there are only %d queries", len(all))
	}
	for _, q := range all {
		if q.Title == "" || q.About == "" || !strings.HasSuffix(q.About, ".") || len(q.Tables) == 0 {
			t.Errorf("%s: title %q, about %q, tables %q", q.Name, q.Title, q.About, q.Tables)
		}
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	got, err := Markdown()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("README.md is not what the queries give: make generate (-want +got):\n%s", diff)
	}
}
