// Package plan is what a query means, without its syntax: relational nodes and
// typed expressions. The binder makes it, the SQL generator reads it.
//
// Columns are objects with an identity, not names, so that two columns called
// the same are never mixed up. A node's rows have no order unless an operator
// is given one: the binder knows at each step which keys order the rows, and
// hands them to the nodes for which order matters ([Limit], [Window],
// aggregates that make lists, and [Query] for the result).
package plan

import (
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Column is one column of a node.
type Column struct {
	ID   int
	Name string
	Type value.Type
}

// Key orders rows by a column.
type Key struct {
	Col        *Column
	Desc       bool
	NullsFirst bool
}

// Expr is a typed scalar expression.
type Expr interface{ Type() value.Type }

// Lit is a constant.
type Lit struct {
	T     value.Type
	Value any
}

// Ref is the value of a column.
type Ref struct{ Col *Column }

// Call is a function or operator with arguments of the types it wants.
type Call struct {
	Fn   *funcs.Func
	Args []Expr
	T    value.Type
}

// Agg is an aggregate over the rows of a group. Order is that in which lists
// are made, empty where rows have none. Rows for which Filter is not true are
// left out.
type Agg struct {
	Fn     *funcs.Func
	Args   []Expr
	T      value.Type
	Order  []Key
	Filter Expr
}

// Window is a function over a row and its neighbours.
type Window struct {
	Fn        *funcs.Func
	Args      []Expr
	T         value.Type
	Order     []Key
	Partition []*Column
}

// InQuery is x in (subquery): true when a row of Sub has the value.
type InQuery struct {
	X   Expr
	Sub Node
	Col *Column
	// Fold compares without case.
	Fold bool
	Not  bool
}

// Type implements [Expr].
func (e *Lit) Type() value.Type { return e.T }

// Type implements [Expr].
func (e *Ref) Type() value.Type { return e.Col.Type }

// Type implements [Expr].
func (e *Call) Type() value.Type { return e.T }

// Type implements [Expr].
func (e *Agg) Type() value.Type { return e.T }

// Type implements [Expr].
func (e *Window) Type() value.Type { return e.T }

// Type implements [Expr].
func (e *InQuery) Type() value.Type { return value.BoolType }

// Walk calls f for e and all expressions below it.
func Walk(e Expr, f func(Expr)) {
	f(e)
	var args []Expr
	switch e := e.(type) {
	case *Call:
		args = e.Args
	case *Agg:
		args = e.Args
	case *Window:
		args = e.Args
	case *InQuery:
		args = []Expr{e.X}
	}
	for _, a := range args {
		Walk(a, f)
	}
}
