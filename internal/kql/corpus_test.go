package kql_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/result"
)

// corpusCase is one query with what Kusto answers.
type corpusCase struct {
	id, family, query string
	refused           bool
	columns           []string // name:type
	rowCount          int
	rows              []string   // in the form of the file, all or the first ones
	cells             [][]string // the same before they are joined, where that is known
	now               time.Time
	format            func(c result.Column, v *any) string
}

// least is the share of the cases in scope that must pass, in percent.
var least = map[string]float64{"semantics.jsonl": 99, "documentation-examples.jsonl": 97}

// TestCorpus runs the queries of the folder that KQL_CORPUS names against what
// Kusto answered, and prints each miss with its reason.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("KQL_CORPUS")
	if dir == "" {
		t.Skip("KQL_CORPUS is not set")
	}
	engine := newEngine(t)
	for _, file := range []struct {
		name string
		read func([]byte) (corpusCase, error)
	}{{"semantics.jsonl", readSemantics}, {"documentation-examples.jsonl", readDocumentation}} {
		t.Run(file.name, func(t *testing.T) {
			runCorpus(t, engine, filepath.Join(dir, file.name), file.read)
		})
	}
}

func newEngine(t *testing.T) *duck.Engine {
	t.Helper()
	cfg := duck.DefaultConfig()
	cfg.Timeout = 20 * time.Second
	engine, err := duck.Open(context.Background(), cfg, nil)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	t.Cleanup(func() { engine.Close() })
	return engine
}

func runCorpus(t *testing.T, engine *duck.Engine, path string, read func([]byte) (corpusCase, error)) {
	reasons := map[string][]string{}
	passed, failed, out := 0, 0, 0
	only := os.Getenv("KQL_CASE")
	cases := readCorpus(t, path, read)
	recorded := latestMoment(cases)
	for _, c := range cases {
		c.now = recorded
		if only != "" && !strings.Contains(c.id, only) && !strings.Contains(c.query, only) {
			continue
		}
		reason := c.check(engine)
		switch {
		case reason == "":
			passed++
		case outOfScope(c.query) != "":
			out++
			reasons["out of scope: "+outOfScope(c.query)] = append(reasons["out of scope: "+outOfScope(c.query)], c.id)
		default:
			failed++
			t.Logf("MISS %s\n    %s\n    %s", c.id, indent(c.query), indent(reason))
			reasons[group(reason)] = append(reasons[group(reason)], c.id)
		}
	}
	printGroups(t, reasons)
	t.Logf("%s: %d passed, %d failed, %d out of scope", filepath.Base(path), passed, failed, out)
	if share := 100 * float64(passed) / float64(max(passed+failed, 1)); only == "" && share < least[filepath.Base(path)] {
		t.Errorf("%.1f %% of the cases in scope pass, %.0f %% must", share, least[filepath.Base(path)])
	}
}

func printGroups(t *testing.T, reasons map[string][]string) {
	var keys []string
	for k := range reasons {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return len(reasons[keys[i]]) > len(reasons[keys[j]]) })
	for _, k := range keys {
		t.Logf("GROUP %4d  %s  %v", len(reasons[k]), k, reasons[k][:min(3, len(reasons[k]))])
	}
}

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n    ") }

var quoted = regexp.MustCompile(`'[^']*'|\d+`)

// group takes what differs from case to case out of a reason.
func group(reason string) string {
	first, _, _ := strings.Cut(reason, "\n")
	if i := strings.Index(first, ": "); strings.HasPrefix(first, "refused") && i >= 0 {
		return first
	}
	if strings.HasPrefix(first, "columns") || strings.HasPrefix(first, "row ") || strings.HasPrefix(first, "rows") {
		return strings.Fields(first)[0]
	}
	return quoted.ReplaceAllString(first, "_")
}

var calls = regexp.MustCompile(`([A-Za-z_][A-Za-z_0-9]*)\s*\(`)

// outOfScope names what of a query the engine leaves out on purpose.
func outOfScope(query string) string {
	for _, m := range calls.FindAllStringSubmatch(query, -1) {
		if _, out := funcs.OutOfScope(m[1]); out {
			return m[1]
		}
	}
	for _, op := range funcs.OutOfScopeOperators {
		if regexp.MustCompile(`(^|[\s|;(])` + regexp.QuoteMeta(op) + `\b`).MatchString(query) {
			return op
		}
	}
	return ""
}

func readCorpus(t *testing.T, path string, read func([]byte) (corpusCase, error)) []corpusCase {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	var out []corpusCase
	for lines.Scan() {
		c, err := read(lines.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, c)
	}
	return out
}

// check runs the case and says what differs, "" for nothing.
func (c corpusCase) check(engine *duck.Engine) string {
	table, reason := c.run(engine)
	switch {
	case c.refused && strings.HasPrefix(reason, "refused"):
		return ""
	case c.refused && reason == "":
		return "not refused: Kusto refuses this"
	case reason != "":
		return reason
	}
	reason = c.compare(table)
	if reason != "" && asksTime.MatchString(c.query) {
		reason = c.atItsTime(engine, table)
	}
	if reason != "" && asksChance.MatchString(c.query) {
		reason = c.butForChance(engine, table)
	}
	return reason
}

// run runs the query. The reason is why there is no table.
func (c corpusCase) run(engine *duck.Engine) (table *result.Table, reason string) {
	answer, err := kql.Run(context.Background(), engine, c.query, kql.Options{Now: c.now})
	if err != nil {
		return nil, "refused: " + strings.SplitN(err.Error(), "\n", 2)[0]
	}
	if table, err = result.Read(answer.Rows); err != nil {
		return nil, "failed: " + err.Error()
	}
	return table, ""
}

// formatted writes the cells as the file does.
func (c corpusCase) formatted(table *result.Table) [][]string {
	var out [][]string
	for _, row := range table.Data {
		var parts []string
		for i, v := range row {
			parts = append(parts, c.format(table.Cols[i], &v))
		}
		out = append(out, parts)
	}
	return out
}

func (c corpusCase) compare(table *result.Table) string {
	var cols []string
	for _, col := range table.Cols {
		cols = append(cols, col.Name+":"+c.format(col, nil))
	}
	if !slices.Equal(cols, c.columns) {
		return fmt.Sprintf("columns %v, want %v", cols, c.columns)
	}
	if len(table.Data) != c.rowCount {
		return fmt.Sprintf("rows: %d, want %d", len(table.Data), c.rowCount)
	}
	return compareRows(joinRows(c.formatted(table)), c.rows, isOrdered(c.query))
}

var (
	ordering   = regexp.MustCompile(`\b(order|sort)\s+by\b|\|\s*top\s`)
	unordering = regexp.MustCompile(`\|\s*(summarize|join|union|distinct|make-series|lookup|count|evaluate|top-nested|mv-apply|partition)\b`)
)

// inner is what stands in brackets: orders in there are not the result's.
var inner = regexp.MustCompile(`\([^()]*\)|\{[^{}]*\}`)

// isOrdered tells whether the query orders its result.
func isOrdered(query string) bool {
	for last := ""; last != query; {
		last, query = query, inner.ReplaceAllString(query, "")
	}
	o, u := ordering.FindAllStringIndex(query, -1), unordering.FindAllStringIndex(query, -1)
	if len(o) == 0 {
		return false
	}
	return len(u) == 0 || o[len(o)-1][0] > u[len(u)-1][0]
}

// compareRows compares rows in order, or as a set in which the wanted ones
// must all be.
func compareRows(have, want []string, ordered bool) string {
	for i, w := range want {
		if ordered {
			if !same(have[i], w) {
				return fmt.Sprintf("row %d is %s\nwant     %s", i, have[i], w)
			}
			continue
		}
		at := slices.IndexFunc(have, func(h string) bool { return same(h, w) })
		if at < 0 {
			return fmt.Sprintf("row %d is missing: %s\nthere are %s", i, w, strings.Join(have[:min(len(have), 8)], "\n          "))
		}
		have = slices.Delete(slices.Clone(have), at, at+1)
	}
	return ""
}

var numbers = regexp.MustCompile(`-?\d+(\.\d+)?([eE][-+]?\d+)?`)

// same compares two rows, numbers with a fraction to ten digits.
func same(a, b string) bool {
	if a == b {
		return true
	}
	an, bn := numbers.FindAllString(a, -1), numbers.FindAllString(b, -1)
	if len(an) != len(bn) || numbers.ReplaceAllString(a, "#") != numbers.ReplaceAllString(b, "#") {
		return false
	}
	for i := range an {
		if an[i] != bn[i] && !near(an[i], bn[i]) {
			return false
		}
	}
	return true
}

func near(a, b string) bool {
	var x, y float64
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil || !strings.ContainsAny(a+b, ".eE") {
		return false
	}
	d := x - y
	return d <= 1e-9*max(1e-3, x, -x) && -d <= 1e-9*max(1e-3, x, -x)
}
