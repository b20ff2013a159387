package sqlgen

import (
	"math"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

var turned = map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

var sqlOps = map[string]string{"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}

// predicate writes a comparison for a filter, where NULL may stay NULL. ok is
// false for calls that are written like any other.
func (g *gen) predicate(c *plan.Call) (sql string, ok bool) {
	op := c.Fn.Name
	if _, isComparison := sqlOps[op]; isComparison {
		return g.comparison(op, c.Args[0], c.Args[1], false)
	}
	switch op {
	case "in":
		return g.inList(c, false)
	case "has", "has_cs":
		return g.has(c)
	}
	return "", false
}

// total writes comparisons as Kusto has them: == and in are false for null, !=
// is true, and the others are null.
func (g *gen) total(c *plan.Call) (sql string, ok bool) {
	op := c.Fn.Name
	if _, isComparison := sqlOps[op]; isComparison {
		return g.comparison(op, c.Args[0], c.Args[1], true)
	}
	switch op {
	case "in":
		return g.inList(c, true)
	case "isnull":
		return g.nullTest(c.Args[0], " IS NULL")
	case "isnotnull", "notnull":
		return g.nullTest(c.Args[0], " IS NOT NULL")
	}
	return "", false
}

// nullTest tests a moment in the form that it has.
func (g *gen) nullTest(x plan.Expr, test string) (sql string, ok bool) {
	if x.Type() != value.DatetimeType {
		return "", false
	}
	return "(" + g.value(x).sql + test + ")", true
}

// comparison writes x op y.
func (g *gen) comparison(op string, x, y plan.Expr, total bool) (string, bool) {
	if _, isLit := x.(*plan.Lit); isLit {
		x, y, op = y, x, turned[op]
	}
	t := x.Type()
	if t == value.DynamicType || y.Type() == value.DynamicType || t == value.DecimalType || t != y.Type() {
		return "", false
	}
	left := g.value(x)
	lit, isLit := y.(*plan.Lit)
	var sql string
	never := false
	switch {
	case isLit && lit.Value == nil && t != value.StringType:
		return withNull(op), true
	case isLit && left.form == Timestamp, isLit && left.form == TimestampTZ:
		sql, never = g.timestampComparison(op, left, lit.Value.(value.Datetime))
	case isLit && left.form == NullString && lit.Value != "":
		sql = left.sql + " " + sqlOps[op] + " " + g.literal(t, lit.Value)
	default:
		right := g.value(y)
		if left.form != right.form || left.form == NullString {
			left.sql, right.sql = g.canonical(left, t), g.canonical(right, t)
		}
		if t == value.RealType && !safeReal(op, lit, isLit) {
			return "", false
		}
		sql = left.sql + " " + sqlOps[op] + " " + right.sql
		if t == value.StringType {
			return "(" + sql + ")", true
		}
	}
	if never {
		return sql, true
	}
	switch {
	case left.form != NullString && g.neverNull(x) && g.neverNull(y):
	case op == "!=":
		return "coalesce(" + sql + ", true)", true
	case op == "==" && total:
		return "coalesce(" + sql + ", false)", true
	}
	return "(" + sql + ")", true
}

// withNull is what a comparison with null gives.
func withNull(op string) string {
	switch op {
	case "==":
		return "FALSE"
	case "!=":
		return "TRUE"
	}
	return "CAST(NULL AS BOOLEAN)"
}

// safeReal tells the comparisons of reals in which the engine's NaN, which is
// greater than all and equal to itself, does no harm.
func safeReal(op string, lit *plan.Lit, isLit bool) bool {
	if !isLit {
		return false
	}
	f, _ := value.ToReal(lit.Value)
	return !math.IsNaN(f) && (op == "==" || op == "<" || op == "<=" || op == "!=")
}

// timestampComparison compares a timestamp of microseconds with a constant of
// ticks in the timestamp's form. never is set when the result is a constant.
func (g *gen) timestampComparison(op string, left operand, d value.Datetime) (sql string, never bool) {
	us := d.UnixMicro()
	exact := value.FromUnixMicro(us) == d
	if !exact {
		switch op {
		case "==":
			return "FALSE", true
		case "!=":
			return "TRUE", true
		case "<":
			op = "<="
		case ">=":
			op = ">"
		}
	}
	return left.sql + " " + sqlOps[op] + " " + g.d.ToTimestamp(g.arg(us, "BIGINT"), left.form), false
}

// inList writes x in (constants); others go through Go.
func (g *gen) inList(c *plan.Call, total bool) (string, bool) {
	t := c.Args[0].Type()
	if t == value.DynamicType || t == value.DecimalType {
		return "", false
	}
	for _, a := range c.Args[1:] {
		lit, ok := a.(*plan.Lit)
		if !ok || !comparableTo(t, lit.T) || lit.T == value.RealType && !safeReal("==", lit, true) {
			return "", false
		}
	}
	left := g.value(c.Args[0])
	hasEmpty := slices.ContainsFunc(c.Args[1:], func(a plan.Expr) bool { return a.(*plan.Lit).Value == "" })
	if left.form != NullString || hasEmpty {
		left.sql = g.canonical(left, t)
	}
	var list []string
	for _, a := range c.Args[1:] {
		if lit := a.(*plan.Lit); lit.Value != nil {
			list = append(list, g.literal(lit.T, lit.Value))
		}
	}
	if len(list) == 0 {
		return "FALSE", true
	}
	sql := left.sql + " IN (" + strings.Join(list, ", ") + ")"
	if total {
		return "coalesce(" + sql + ", false)", true
	}
	return "(" + sql + ")", true
}

func comparableTo(t, lit value.Type) bool {
	return t == lit || t.IsInteger() && lit.IsInteger() || t.IsNumber() && lit.IsNumber() && lit != value.DecimalType
}

// has puts a plain search in front of the search for a word: it is faster by
// far, and few rows are left for the other.
func (g *gen) has(c *plan.Call) (string, bool) {
	lit, ok := c.Args[1].(*plan.Lit)
	if !ok {
		return "", false
	}
	word := value.Text(lit.Value)
	args := []Operand{g.operand(c.Args[0]), g.operand(c.Args[1])}
	whole := g.callWritten(c.Fn, args, value.BoolType)
	text, part := args[0].SQL, g.literal(value.StringType, word)
	if c.Fn.Name == "has" {
		text, part = "lower("+text+")", g.literal(value.StringType, strings.ToLower(word))
	}
	return "(contains(" + text + ", " + part + ") AND " + whole + ")", true
}
