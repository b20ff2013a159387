package bounds

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// never is a span without a moment.
var never = Span{1, 0}

// condition gives what all rows fulfil for which a condition is true.
func condition(x plan.Expr) need {
	c, ok := x.(*plan.Call)
	if !ok {
		return everything
	}
	switch op := c.Fn.Name; op {
	case "and":
		return and(condition(c.Args[0]), condition(c.Args[1]))
	case "or":
		return or(condition(c.Args[0]), condition(c.Args[1]))
	case "in", "in~":
		return inList(c.Args, op == "in~")
	case "=~":
		if _, ok := c.Args[0].(*plan.Lit); ok {
			return inList([]plan.Expr{c.Args[1], c.Args[0]}, true)
		}
		return inList(c.Args, true)
	case "==", "<", "<=", ">", ">=":
		return comparison(op, c.Args[0], c.Args[1])
	}
	return everything
}

var turned = map[string]string{"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// comparison bounds a column that is compared with a constant.
func comparison(op string, x, y plan.Expr) need {
	if _, ok := x.(*plan.Lit); ok {
		x, y, op = y, x, turned[op]
	}
	if op == "==" {
		return inList([]plan.Expr{x, y}, false)
	}
	col, at, ok := columnAnd(x, y, false)
	moment, isMoment := at.(value.Datetime)
	if !ok || !isMoment {
		return everything
	}
	return within{col, spanFor(op, moment)}
}

func spanFor(op string, at value.Datetime) Span {
	switch op {
	case "<":
		return Span{0, at - 1}
	case "<=":
		return Span{0, at}
	case ">":
		return Span{at + 1, value.MaxDatetime}
	case ">=":
		return Span{at, value.MaxDatetime}
	}
	return Span{at, at}
}

// inList bounds a column that is one of constants: moments, or other values.
// Fold is whether their case does not count.
func inList(args []plan.Expr, fold bool) need {
	var col *plan.Column
	var values []any
	span := never
	for _, a := range args[1:] {
		c, v, ok := columnAnd(args[0], a, fold)
		if !ok {
			return everything
		}
		col = c
		if at, ok := v.(value.Datetime); ok {
			span = span.hull(Span{at, at})
			continue
		}
		values = append(values, v)
	}
	switch {
	case col == nil:
		return everything
	case values == nil:
		return within{col, span}
	}
	return oneOf{col, values}
}

// columnAnd is a column and a constant that it is compared with, of its own type.
func columnAnd(x, y plan.Expr, fold bool) (*plan.Column, any, bool) {
	ref, isRef := narrow(x).(*plan.Ref)
	lit, isLit := y.(*plan.Lit)
	if !isRef || !isLit {
		return nil, nil, false
	}
	ok := false
	switch v := lit.Value.(type) {
	case string:
		ok = ref.Type() == value.StringType && lit.T == value.StringType && (!fold || caseless(v))
	case int64:
		ok = ref.Type().IsInteger() && lit.T.IsInteger() && !fold
	case value.Datetime:
		ok = ref.Type() == value.DatetimeType && lit.T == value.DatetimeType && !fold
	}
	return ref.Col, lit.Value, ok
}

// narrow is an int before it was made a long to be compared with one.
func narrow(x plan.Expr) plan.Expr {
	if c, ok := x.(*plan.Call); ok && c.Fn.Name == "tolong" && c.Args[0].Type() == value.IntType {
		return c.Args[0]
	}
	return x
}

// caseless reports whether a text equals no other when their case does not count.
// Of letters that is not sure: there are letters outside of ASCII whose lower case
// is one of ASCII.
func caseless(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) < 0
}
