package randomly_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/kql/plainly"
	"github.com/sekisho/sekisho/internal/kql/randomly"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// TestAnswers runs random queries on the engine and on the plain evaluator,
// which must give the same rows.
func TestAnswers(t *testing.T) {
	t.Parallel()
	seed, count := settings(t)
	tables := randomly.Tables(seed)
	e, g := openEngines(t, tables), randomly.New(seed, tables)
	ran := 0
	findings := collect(count, g, func(q string, spoilt bool) string {
		kind, answered := e.disagree(q, spoilt)
		if answered {
			ran++
		}
		return kind
	})
	t.Logf("seed %d: %d of %d queries have an answer", seed, ran, count)
	if ran < count/2 {
		t.Errorf("only %d of %d queries have an answer", ran, count)
	}
	findings.report(t, seed, func(q string, spoilt bool) string { kind, _ := e.disagree(q, spoilt); return kind })
}

// disagree says in what way both differ, "" where they agree. answered tells
// queries that both have answered.
func (e engines) disagree(query string, spoilt bool) (kind string, answered bool) {
	have, err := e.run(query)
	var refused syntax.Diagnostics
	if errors.As(err, &refused) {
		return "", false
	}
	if err != nil {
		return "engine: " + err.Error(), false
	}
	q, err := e.bound(query)
	if err != nil {
		return "binder: " + err.Error(), false
	}
	want, err := plainly.Run(q, e.plain)
	if err != nil {
		if spoilt { // a wrong argument too many may be a right one that is not covered
			return "", false
		}
		return err.Error(), false
	}
	return difference(have, want), true
}

// difference compares rows; those that the order does not tell apart may come
// in any order.
func difference(have *result.Table, want plainly.Answer) string {
	if len(have.Data) != len(want.Rows) {
		return fmt.Sprintf("rows: the engine gives %d, the evaluator %d", len(have.Data), len(want.Rows))
	}
	for from := 0; from < len(want.Rows); {
		to := from
		for to < len(want.Rows) && want.Ties[to] == want.Ties[from] {
			to++
		}
		if d := differentGroup(have.Data[from:to], want.Rows[from:to]); d != "" {
			return d
		}
		from = to
	}
	return ""
}

// differentGroup finds a partner for each row.
func differentGroup(have, want [][]any) string {
	left := append([][]any(nil), want...)
	for _, h := range have {
		found := -1
		for i, w := range left {
			if near(value.Array(h), value.Array(w)) {
				found = i
				break
			}
		}
		if found < 0 {
			return fmt.Sprintf("values: the engine gives %s, the evaluator %s", show(h), show(left[closest(h, left)]))
		}
		left = append(left[:found], left[found+1:]...)
	}
	return ""
}

// closest is the row with the most values in common.
func closest(h []any, rows [][]any) int {
	best, most := 0, -1
	for i, r := range rows {
		n := 0
		for c := range r {
			if near(h[c], r[c]) {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	return best
}

func show(row []any) string {
	var parts []string
	for _, v := range row {
		parts = append(parts, fmt.Sprintf("%T(%s)", v, result.JSONValue(v)))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// near compares values; reals may differ in the last digits, which depend on
// the order in which they were added. What the engine carries inside a dynamic
// value is JSON, in which times and guids are text.
func near(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && (x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-9*max(1, math.Abs(x), math.Abs(y)))
	case value.Array:
		y, ok := b.(value.Array)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !near(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return a == b || result.JSONValue(a) == result.JSONValue(b)
}
