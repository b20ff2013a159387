// Package plainly evaluates bound queries row by row, in the plainest way that
// could be thought of, over tables that are small enough to be looked at.
//
// It is the second opinion on the engine. What the binder makes of a query goes
// to two places: through package sqlgen to DuckDB, and to this package; tests
// compare the answers. So nothing here is shared with the way through SQL, and
// nothing is fast: a row is a map, a join tries each pair of rows, a window
// function looks at all rows for each row, and each function is written down
// once more from its description. What is shared are the plan, the types and
// forms of values, and how text is read as a value.
//
// What this package does not know it says: [Unsupported].
package plainly

import (
	"context"
	"fmt"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
)

// Tables are the rows of tables by their names, each row with the values of the
// table's columns in their order.
type Tables map[string][][]any

// Answer is what a query gives.
type Answer struct {
	// Rows have the values of the query's columns in their order.
	Rows [][]any
	// Ties says for each row which place it shares: rows that the query's order
	// does not tell apart have the same number, and may come in any order.
	Ties []int
}

// Unsupported is what this package cannot evaluate: a node, function or
// aggregate by its name.
type Unsupported struct{ What string }

// Error implements error.
func (u Unsupported) Error() string { return "evaluate plainly: " + u.What + " is not supported" }

func unsupported(format string, args ...any) {
	panic(Unsupported{fmt.Sprintf(format, args...)})
}

// row holds a value for each column, also for those that the query hides.
type row map[*plan.Column]any

type evaluator struct {
	tables Tables
	shared map[*plan.Shared][]row
}

// Run evaluates a query. The error is of type [Unsupported].
func Run(q *plan.Query, tables Tables) (out Answer, err error) {
	defer func() {
		if r := recover(); r != nil {
			u, ok := r.(Unsupported)
			if !ok {
				panic(r)
			}
			err = u
		}
	}()
	e := &evaluator{tables: tables, shared: map[*plan.Shared][]row{}}
	rows := sorted(e.node(q.Node), q.Order)
	for i, r := range rows {
		line := make([]any, len(q.Cols))
		for j, c := range q.Cols {
			line[j] = r[c]
		}
		out.Rows = append(out.Rows, line)
		switch {
		case i == 0:
			out.Ties = append(out.Ties, 0)
		case orderRows(rows[i-1], r, q.Order) == 0:
			out.Ties = append(out.Ties, out.Ties[i-1])
		default:
			out.Ties = append(out.Ties, out.Ties[i-1]+1)
		}
	}
	return out, nil
}

// Runner evaluates parts of a query while the rest is bound, as the engine
// does. It implements the binder's interface of that name.
type Runner struct{ Tables Tables }

// Rows gives all rows of a query.
func (r Runner) Rows(_ context.Context, q *plan.Query) ([][]any, error) {
	a, err := Run(q, r.Tables)
	return a.Rows, err
}

// Store keeps rows as a table, under a name that no query can say.
func (r Runner) Store(_ context.Context, cols []catalog.Column, rows [][]any) (*catalog.Table, error) {
	t := &catalog.Table{Name: fmt.Sprintf("\x00%d", len(r.Tables)), Columns: cols}
	r.Tables[t.Name] = rows
	return t, nil
}
