package bind

import (
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// nameOf gives the name that Kusto derives from an expression; "" for one that
// has none and is called Column1 and so on.
func nameOf(x syntax.Expr) string {
	switch x := x.(type) {
	case syntax.Name:
		return x.Text
	case syntax.Paren:
		return nameOf(x.X)
	case syntax.Path:
		return join(nameOf(x.X), x.Name.Text)
	case syntax.Index:
		if lit, ok := x.I.(syntax.Literal); ok {
			return join(nameOf(x.X), value.Text(lit.Value))
		}
		return join(nameOf(x.X), "")
	case syntax.Call:
		return callName(x)
	case syntax.Named:
		if len(x.Names) == 1 {
			return x.Names[0].Text
		}
	}
	return ""
}

func join(a, b string) string {
	if a == "" {
		return cleanName(b)
	}
	return a + "_" + cleanName(b)
}

// cleanName makes what a name may be made of from a key or a number.
func cleanName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == ' ' {
			return '_'
		}
		return r
	}, s)
}

// callName is the name of a function call's result.
func callName(c syntax.Call) string {
	if c.Fn.Text == "column_ifexists" && len(c.Args) > 0 {
		if lit, ok := c.Args[0].(syntax.Literal); ok {
			return value.Text(lit.Value)
		}
	}
	if c.Fn.Text == "toscalar" {
		return ""
	}
	fn, ok := funcs.Lookup(c.Fn.Text)
	if !ok { // round(avg(x)) is called avg_x
		fn, ok = funcs.LookupAggregate(c.Fn.Text)
	}
	if !ok {
		return ""
	}
	return nameBy(fn, c)
}

// nameBy is the name after the function's rule.
func nameBy(fn *funcs.Func, c syntax.Call) string {
	first := ""
	if len(c.Args) > 0 {
		first = nameOf(c.Args[0])
	}
	switch fn.Naming {
	case funcs.FirstArg:
		return first
	case funcs.PrefixFirstArg:
		return fn.Prefix + "_" + first
	case funcs.PrefixTwoArgs:
		if len(c.Args) > 1 {
			first += "_" + nameOf(c.Args[1])
		}
		return fn.Prefix + "_" + first
	case funcs.PrefixOnly:
		return fn.Prefix
	case funcs.ExactPercent:
		return percentName(first, c.Args[1:])
	}
	return ""
}

// percentName is percentile_x_95; a point becomes an underscore.
func percentName(column string, args []syntax.Expr) string {
	name := "percentile_" + column
	if len(args) > 0 {
		if lit, ok := args[0].(syntax.Literal); ok {
			name += "_" + strings.ReplaceAll(strings.TrimSuffix(value.Text(lit.Value), ".0"), ".", "_")
		}
	}
	return name
}

// namer gives names to the columns of an operator: those that are said, those
// that are derived, and Column1 and so on.
type namer struct {
	count  int
	prefix string
	// first is the number of the first unnamed column.
	first int
}

// name returns the name of the next column, and whether the query says it.
func (n *namer) name(x syntax.Expr) (name string, explicit bool) {
	n.count++
	switch x := x.(type) {
	case syntax.Named:
		return x.Names[0].Text, true
	case syntax.Name:
		return x.Text, true
	}
	return nameOf(x), false
}

// numbered is the name of a column that has none.
func (n *namer) numbered() string {
	n.first++
	return n.prefix + strconv.Itoa(n.first)
}

// unnamed takes the name off an expression.
func unnamed(x syntax.Expr) syntax.Expr {
	if n, ok := x.(syntax.Named); ok {
		return n.X
	}
	return x
}
