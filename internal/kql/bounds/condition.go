package bounds

import (
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// never is a span without a moment.
var never = Span{1, 0}

// condition gives the spans outside of which a condition is not true.
func condition(x plan.Expr) spans {
	c, ok := x.(*plan.Call)
	if !ok {
		return spans{}
	}
	switch c.Fn.Name {
	case "and":
		return condition(c.Args[0]).and(condition(c.Args[1]))
	case "or":
		return condition(c.Args[0]).or(condition(c.Args[1]))
	case "in":
		return inList(c.Args)
	case "==", "<", "<=", ">", ">=":
		return comparison(c.Fn.Name, c.Args[0], c.Args[1])
	}
	return spans{}
}

var turned = map[string]string{"==": "==", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// comparison bounds a column that is compared with a constant.
func comparison(op string, x, y plan.Expr) spans {
	if _, ok := x.(*plan.Lit); ok {
		x, y, op = y, x, turned[op]
	}
	ref, isRef := x.(*plan.Ref)
	lit, isLit := y.(*plan.Lit)
	if !isRef || !isLit || ref.Type() != value.DatetimeType {
		return spans{}
	}
	at, ok := lit.Value.(value.Datetime)
	if !ok {
		return spans{}
	}
	return spans{ref.Col: spanFor(op, at)}
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

// inList bounds a column that is one of constants.
func inList(args []plan.Expr) spans {
	ref, ok := args[0].(*plan.Ref)
	if !ok || ref.Type() != value.DatetimeType {
		return spans{}
	}
	out := never
	for _, a := range args[1:] {
		lit, ok := a.(*plan.Lit)
		if !ok {
			return spans{}
		}
		at, ok := lit.Value.(value.Datetime)
		if !ok {
			return spans{} // a list in a list, or another type
		}
		out = out.hull(Span{at, at})
	}
	return spans{ref.Col: out}
}
