package bind

import (
	"github.com/sekisho/sekisho/internal/kql/plan"
)

// env is what an expression can see besides variables and functions.
type env struct {
	// row is the relation whose columns are in sight, nil for none.
	row *relation
	// left and right are set in the conditions of a join.
	left, right *relation
	// aggregates may be used, and are collected here.
	aggs *aggregation
	// windows may be used: the rows have an order.
	windows bool
	// extra names values that are neither column nor variable: the steps of scan.
	extra func(name string) plan.Expr
	// states are the names of scan's steps, which have columns of their own.
	states map[string]func(column string) plan.Expr
}

// over is the environment of an operator on the rows of r.
func over(r *relation) *env { return &env{row: r, windows: r.serialized} }

// find returns the column of that name, nil if there is none in sight.
func (e *env) find(name string) *plan.Column {
	if e == nil || e.row == nil {
		return nil
	}
	return e.row.find(name)
}

// aggregation collects what summarize calculates.
type aggregation struct {
	in *relation
	// inside is set while the arguments of an aggregate are bound.
	inside bool
	used   bool
}
