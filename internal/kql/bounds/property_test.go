package bounds_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/bounds"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plainly"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/randomly"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestNothingNeededIsLeftOut answers random queries twice: over all rows, and
// over those that lie within the bounds of each scan.
func TestNothingNeededIsLeftOut(t *testing.T) {
	t.Parallel()
	const seed, count = 6, 6000
	tables := randomly.Tables(seed)
	g := randomly.New(seed, tables)
	var answered, narrowed int
	for n := range count {
		q := g.Query(n)
		if q.Spoilt {
			continue
		}
		text := withConditions(q.Root, rand.New(rand.NewPCG(seed, uint64(n))), tables)
		all, ok := answer(t, text, tables, nil)
		if !ok {
			continue
		}
		answered++
		left := 0
		some, ok := answer(t, text, tables, func(s *plan.Scan, need bounds.Need, rows [][]any) [][]any {
			kept := needed(s, need, rows)
			left += len(rows) - len(kept)
			return kept
		})
		if left > 0 {
			narrowed++
		}
		if diff := cmp.Diff(all, some); !ok || diff != "" {
			t.Errorf("query %d over %d rows less answers otherwise:\n%s\n%s", n, left, text, diff)
		}
	}
	t.Logf("%d queries have an answer, %d of them with rows left out", answered, narrowed)
	if answered < count/4 || narrowed < answered/10 {
		t.Errorf("only %d queries have an answer, and only %d with rows left out", answered, narrowed)
	}
}

// withConditions puts one or two conditions into a query, about times and about
// other values.
func withConditions(root *randomly.Piece, r *rand.Rand, tables []randomly.Table) string {
	for range 1 + r.IntN(2) {
		at := 1 + r.IntN(len(root.Kids))
		prefix := randomly.Piece{Sep: root.Sep, Kids: root.Kids[:at]}
		cols, _ := kql.Columns(context.Background(), prefix.String(), kql.Options{Catalog: randomly.Catalog(tables), Now: now})
		if text := someCondition(r, cols); text != "" {
			root.Kids = slices.Insert(slices.Clone(root.Kids), at, &randomly.Piece{Text: []string{"where " + text}})
		}
	}
	return root.String()
}

// someCondition is about times every other time, where there are any.
func someCondition(r *rand.Rand, cols []*plan.Column) string {
	var times []string
	for _, c := range cols {
		if c.Type == value.DatetimeType {
			times = append(times, "['"+c.Name+"']")
		}
	}
	if len(times) > 0 && r.IntN(2) == 0 {
		return timeCondition(r, times[r.IntN(len(times))])
	}
	return valueCondition(r, cols)
}

func timeCondition(r *rand.Rand, column string) string {
	moment := func() string { return fmt.Sprintf("ago(%dm)", r.IntN(170)) }
	exact := fmt.Sprintf("datetime(%s)", now.Add(-time.Duration(r.IntN(6))*29*time.Minute).Format(time.RFC3339))
	forms := []string{
		"§ > " + moment(), "§ >= " + exact, "§ < " + moment(), exact + " >= §", "§ == " + exact, "§ != " + exact,
		"§ between (ago(2h) .. " + moment() + ")", "§ !between (ago(2h) .. " + moment() + ")", "§ in (" + exact + ", ago(58m))",
		"(§ < ago(90m) or § > " + moment() + ")", "(§ > " + moment() + " or rand() < 2)", "not(§ > " + moment() + ")",
		"(§ > " + moment() + " and isnotnull(§))", "iff(true, § > " + moment() + ", false)",
	}
	return strings.ReplaceAll(forms[r.IntN(len(forms))], "§", column)
}

// answer gives the rows of a query; change, if not nil, is what each scan reads.
func answer(t *testing.T, text string, tables []randomly.Table, change func(*plan.Scan, bounds.Need, [][]any) [][]any) (rows []string, ok bool) {
	t.Helper()
	tree, ds := syntax.Parse(text)
	if ds.Refused() {
		return nil, false
	}
	plain := plainly.Tables{}
	for _, table := range tables {
		for _, r := range table.Rows {
			plain[table.Name] = append(plain[table.Name], neverNull(table, r))
		}
	}
	bound, ds := bind.Query(context.Background(), tree, bind.Options{Catalog: randomly.Catalog(tables), Now: value.FromTime(now), Runner: plainly.Runner{Tables: plain}})
	if ds.Refused() {
		return nil, false
	}
	q := bound.Queries[0]
	if change != nil {
		narrow(q, plain, change)
	}
	a, err := plainly.Run(q, plain)
	var unsupported plainly.Unsupported
	if err != nil && !errors.As(err, &unsupported) {
		t.Fatalf("%s:\n%+v", text, err)
	}
	for _, r := range a.Rows {
		rows = append(rows, value.JSON(value.Array(r))) // NaN equals itself as text
	}
	return rows, err == nil
}

func neverNull(t randomly.Table, row []any) []any {
	out := slices.Clone(row)
	for i, v := range out {
		if v == nil && t.Columns[i].Type == value.StringType {
			out[i] = ""
		}
	}
	return out
}

// narrow gives each scan a table of its own.
func narrow(q *plan.Query, tables plainly.Tables, change func(*plan.Scan, bounds.Need, [][]any) [][]any) {
	spans := bounds.Scans(q, "t")
	for s, need := range bounds.Scans(q, "TimeGenerated") {
		need.Span = need.And(spans[s].Span)
		own := *s.Table
		own.Name = fmt.Sprintf("%s\x00%d", s.Table.Name, len(tables))
		tables[own.Name] = change(s, need, tables[s.Table.Name])
		s.Table = &own
	}
}

// needed keeps the rows of a span that fulfil a condition, as a store does that
// opens whole files.
func needed(s *plan.Scan, need bounds.Need, rows [][]any) [][]any {
	i := slices.IndexFunc(s.Table.Columns, func(c catalog.Column) bool { return c.Name == "t" || c.Name == catalog.TimeColumn })
	var out [][]any
	for _, r := range rows {
		in := i < 0 || need.Span == bounds.Always
		if !in {
			at, ok := r[i].(value.Datetime)
			in = ok && need.From <= at && at <= need.To
		}
		if in && fulfils(s, r, need.Where) {
			out = append(out, r)
		}
	}
	return out
}
