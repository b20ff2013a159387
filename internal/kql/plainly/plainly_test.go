package plainly_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/plainly"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// TestCases evaluates the queries of testdata/cases.kql: a query, a line of
// "----", and the values of each row as JSON, worked out by hand.
func TestCases(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/cases.kql")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range strings.Split(string(text), "====\n") {
		query, want, _ := strings.Cut(c, "----\n")
		if diff := cmp.Diff(want, answer(query)); diff != "" {
			t.Errorf("%s(-want, +got):\n%s", query, diff)
		}
	}
}

// answer writes the rows of a query, or what is wrong with it.
func answer(query string) string {
	tree, ds := syntax.Parse(query)
	if err := ds.Err(); err != nil {
		return err.Error()
	}
	bound, ds := bind.Query(context.Background(), tree, bind.Options{})
	if err := ds.Err(); err != nil {
		return err.Error()
	}
	a, err := plainly.Run(bound.Queries[0], nil)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, row := range a.Rows {
		var parts []string
		for _, v := range row {
			parts = append(parts, result.JSONValue(v))
		}
		b.WriteString(strings.Join(parts, " ") + "\n")
	}
	return b.String()
}
