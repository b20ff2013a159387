package plainly

import (
	"math"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// call is one evaluation of a function.
type call struct {
	args  []any
	types []value.Type
	out   value.Type
}

// function computes a call. Strict functions are not asked where an argument is
// null: their result is null then.
type function struct {
	compute func(call) any
	loose   bool
}

func strict(f func(call) any) function { return function{compute: f} }
func loose(f func(call) any) function  { return function{compute: f, loose: true} }

// functions are all scalar functions and operators by name.
var functions = map[string]function{}

func define(list map[string]function) {
	for name, f := range list {
		functions[name] = f
	}
}

// expr evaluates an expression over one row.
func (e *evaluator) expr(x plan.Expr, r row) any {
	switch x := x.(type) {
	case *plan.Lit:
		if x.Value == nil {
			return null(x.T)
		}
		return typed(x.Value, x.T)
	case *plan.Ref:
		return r[x.Col]
	case *plan.Call:
		return e.call(x, r)
	case *plan.InQuery:
		return e.in(x, r)
	}
	unsupported("the expression %T", x)
	return nil
}

// typed gives a whole number the type that its constant has.
func typed(v any, t value.Type) any {
	n, ok := v.(int64)
	switch {
	case ok && t == value.RealType:
		return float64(n)
	case ok && t == value.DecimalType:
		return value.NewDecimal(n)
	}
	return v
}

func (e *evaluator) call(x *plan.Call, r row) any {
	f, ok := functions[x.Fn.Name]
	if !ok {
		unsupported("the function %s", x.Fn.Name)
	}
	c := call{out: x.T}
	for _, a := range x.Args {
		c.args = append(c.args, e.expr(a, r))
		c.types = append(c.types, a.Type())
	}
	if !f.loose && slices.Contains(c.args, nil) {
		return null(x.T)
	}
	v := f.compute(c)
	if v == nil {
		return null(x.T)
	}
	return v
}

// in looks through all rows of the subquery.
func (e *evaluator) in(x *plan.InQuery, r row) any {
	v := e.expr(x.X, r)
	found := slices.ContainsFunc(e.node(x.Sub), func(sub row) bool {
		if x.Fold {
			return lower(v) == lower(sub[x.Col])
		}
		return v != nil && same(v, sub[x.Col])
	})
	return found != x.Not
}

func lower(v any) string { return strings.ToLower(text(v)) }

// text writes a value as tostring does. A bool inside a dynamic value is
// written in lower case, as in JSON; see textOf.
func text(v any) string { return value.Text(v) }

// textOf writes argument i; "" where there is none.
func (c call) textOf(i int) string {
	if i >= len(c.args) {
		return ""
	}
	if _, isBool := c.args[i].(bool); isBool && c.types[i] == value.DynamicType {
		return value.JSON(c.args[i])
	}
	if f, isReal := c.args[i].(float64); isReal && math.IsInf(f, 0) {
		return map[bool]string{true: "inf", false: "-inf"}[f > 0]
	}
	return text(c.args[i])
}

// whole is argument i as an integer, or missing.
func (c call) whole(i int, missing int64) int64 {
	if i < len(c.args) {
		if n, ok := convert(c.args[i], value.LongType).(int64); ok {
			return n
		}
	}
	return missing
}

// real is argument i as a real.
func (c call) real(i int) float64 {
	f, _ := convert(c.args[i], value.RealType).(float64)
	return f
}
