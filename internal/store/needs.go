package store

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/plan"
)

// needs reports whether a plan reads the column of a name from some table. Where
// it does not, the store need not say how the column is computed, which for
// _BilledSize is a term for each other column: reading that takes DuckDB longer
// than many a query.
func needs(q *plan.Query, name string) bool {
	r := reads{name: name, wanted: map[*plan.Column]bool{}, seen: map[plan.Node]bool{}}
	r.find(q.Node)
	if len(r.wanted) == 0 {
		return false
	}
	clear(r.seen)
	return r.any(q.Cols...) || r.ordered(q.Order) || r.node(q.Node)
}

// reads are the columns of that name of all tables of a plan.
type reads struct {
	name   string
	wanted map[*plan.Column]bool
	seen   map[plan.Node]bool // shared nodes are looked at once
}

// find notes the columns of all tables, also of those in subqueries.
func (r *reads) find(n plan.Node) {
	if r.seen[n] {
		return
	}
	r.seen[n] = true
	if scan, ok := n.(*plan.Scan); ok {
		for i, c := range scan.Table.Columns {
			if c.Name == r.name {
				r.wanted[scan.Cols[i]] = true
			}
		}
	}
	eachBelow(n, r.find)
}

// eachBelow calls f for the inputs of a node and the subqueries of its
// expressions.
func eachBelow(n plan.Node, f func(plan.Node)) {
	for _, in := range n.Inputs() {
		f(in)
	}
	for _, e := range plan.Exprs(n) {
		walk(e, func(e plan.Expr) {
			if in, ok := e.(*plan.InQuery); ok {
				f(in.Sub)
			}
		})
	}
}

// walk calls f for an expression and all below it, filters of aggregates too.
func walk(e plan.Expr, f func(plan.Expr)) {
	plan.Walk(e, func(e plan.Expr) {
		f(e)
		if a, ok := e.(*plan.Agg); ok && a.Filter != nil {
			walk(a.Filter, f)
		}
	})
}

// node reports whether a node, or one below it, reads such a column. Who hands
// all columns on, as a filter does, reads none of them.
func (r *reads) node(n plan.Node) bool {
	if r.seen[n] {
		return false
	}
	r.seen[n] = true
	found := slices.ContainsFunc(plan.Exprs(n), r.expr)
	switch n := n.(type) {
	case *plan.Limit:
		found = found || r.ordered(n.Order) || r.any(n.Partition...)
	case *plan.Unnest:
		found = found || r.any(n.Keep...)
	case *plan.Union:
		found = found || r.any(n.Cols...)
	}
	eachBelow(n, func(in plan.Node) { found = found || r.node(in) })
	return found
}

func (r *reads) expr(e plan.Expr) bool {
	found := false
	walk(e, func(e plan.Expr) {
		switch e := e.(type) {
		case *plan.Ref:
			found = found || r.wanted[e.Col]
		case *plan.Agg:
			found = found || r.ordered(e.Order)
		case *plan.Window:
			found = found || r.ordered(e.Order) || r.any(e.Partition...)
		case *plan.InQuery:
			found = found || r.any(e.Col)
		}
	})
	return found
}

func (r *reads) ordered(keys []plan.Key) bool {
	return slices.ContainsFunc(keys, func(k plan.Key) bool { return r.any(k.Col) })
}

func (r *reads) any(cols ...*plan.Column) bool {
	return slices.ContainsFunc(cols, func(c *plan.Column) bool { return r.wanted[c] })
}
