package sqlgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// operand is an expression that is written, in its form.
type operand struct {
	sql  string
	form Form
}

// value writes an expression in the form that comes for nothing.
func (g *gen) value(x plan.Expr) operand {
	switch x := x.(type) {
	case *plan.Lit:
		return operand{sql: g.literal(x.T, x.Value)}
	case *plan.Ref:
		return operand{name(x.Col), g.forms[x.Col]}
	case *plan.Call:
		defer g.deeper()()
		return operand{sql: g.call(x)}
	case *plan.Agg:
		return g.agg(x)
	case *plan.Window:
		return g.window(x)
	case *plan.InQuery:
		return operand{sql: "coalesce(" + g.inQuery(x) + ", false)"}
	}
	fail("unknown expression %T", x)
	return operand{}
}

// neverNull tells whether an expression is not null in any row, as far as that is
// known. Strings never are, but where they are carried as [NullString].
func (g *gen) neverNull(x plan.Expr) bool {
	switch x := x.(type) {
	case *plan.Lit:
		return x.Value != nil || x.T == value.StringType
	case *plan.Ref:
		return g.never[x.Col] || x.Col.Type == value.StringType
	}
	return x.Type() == value.StringType
}

// text writes an expression in canonical form.
func (g *gen) text(x plan.Expr) string { return g.canonical(g.value(x), x.Type()) }

// canonical converts a written expression to the canonical form.
func (g *gen) canonical(v operand, t value.Type) string {
	switch v.form {
	case Timestamp, TimestampTZ:
		return g.d.FromTimestamp(v.sql, v.form)
	case NullString:
		return g.d.FromNullString(v.sql)
	}
	return v.sql
}

func (g *gen) canonicalColumn(c *plan.Column) string {
	return g.canonical(operand{name(c), g.forms[c]}, c.Type)
}

// literal writes a constant as an argument.
func (g *gen) literal(t value.Type, v any) string {
	sqlType := g.d.Type(t)
	switch v := v.(type) {
	case nil:
		if t == value.StringType {
			return "''"
		}
		return "CAST(NULL AS " + sqlType + ")"
	case bool:
		if t == value.BoolType {
			return strings.ToUpper(fmt.Sprint(v))
		}
	}
	out := Carried(t, v)
	if s, ok := out.(string); ok {
		out = strings.ToValidUTF8(s, "\ufffd") // engines take nothing else
	}
	return g.arg(out, sqlType)
}

// Carried is a Kusto value of a type as the canonical form carries it.
func Carried(t value.Type, v any) any {
	if v == nil {
		return nil
	}
	if t == value.DynamicType {
		return value.JSON(v)
	}
	switch v := v.(type) {
	case value.Datetime:
		return int64(v)
	case value.Timespan:
		return int64(v)
	case value.Guid:
		return string(v)
	case value.Decimal:
		return v.String()
	case int64:
		if t == value.RealType {
			return float64(v)
		}
		if t == value.DecimalType {
			return value.NewDecimal(v).String()
		}
	}
	return v
}

// cond writes a condition of which only truth matters: NULL is as good as
// false, so comparisons stay plain and the engine can skip row groups by them.
func (g *gen) cond(x plan.Expr) string {
	defer g.deeper()()
	switch x := x.(type) {
	case *plan.Call:
		switch x.Fn.Name {
		case "and", "or":
			return "(" + strings.Join(g.chain(x, g.cond), " "+strings.ToUpper(x.Fn.Name)+" ") + ")"
		}
		if sql, ok := g.predicate(x); ok {
			return sql
		}
	case *plan.InQuery: // plain, it becomes a join that drops rows
		return g.inQuery(x)
	}
	return g.text(x)
}

// maxDepth is how deep an expression may be; DuckDB has the same limit, and says so
// when all of the SQL is written, which takes long where there are thousands.
const maxDepth = 1000

// deeper counts an expression that is written within another one, until end.
func (g *gen) deeper() (end func()) {
	if g.depth++; g.depth > maxDepth {
		fail("an expression has more than %d others within each other", maxDepth)
	}
	return func() { g.depth-- }
}

// chain writes the operands of a chain of one operator, a and b and c, beside each
// other: the engine's parser takes some thousand brackets within each other at most.
func (g *gen) chain(x *plan.Call, write func(plan.Expr) string) []string {
	var back []plan.Expr
	var first plan.Expr = x
	for c := x; c != nil; {
		back, first = append(back, c.Args[1]), c.Args[0]
		if c, _ = c.Args[0].(*plan.Call); c != nil && c.Fn != x.Fn {
			c = nil
		}
	}
	out := []string{write(first)}
	for _, a := range slices.Backward(back) {
		out = append(out, write(a))
	}
	return out
}

// call writes a call in canonical form.
func (g *gen) call(c *plan.Call) string {
	if sql, ok := g.total(c); ok {
		return sql
	}
	if c.Fn.Name == "and" || c.Fn.Name == "or" {
		return "(" + strings.Join(g.chain(c, g.text), " "+strings.ToUpper(c.Fn.Name)+" ") + ")"
	}
	args := make([]Operand, len(c.Args))
	for i, a := range c.Args {
		args[i] = g.operand(a)
	}
	return g.callWritten(c.Fn, args, c.T)
}

// operand writes an argument in canonical form.
func (g *gen) operand(x plan.Expr) Operand {
	out := Operand{Type: x.Type(), NeverNull: g.neverNull(x), Pieces: g.pieces(x)}
	switch x := x.(type) {
	case *plan.Lit:
		out.Const, out.Value, out.Plain = true, x.Value, true
	case *plan.Ref:
		out.Plain = true
	}
	out.SQL = g.text(x)
	return out
}

func (g *gen) callWritten(fn *funcs.Func, args []Operand, t value.Type) string {
	if !fn.Volatile {
		exact := g.opts.Exact && overflows(fn.Name, t)
		if sql, ok := g.d.Call(&Writer{g}, Op{Name: fn.Name, Args: args, Out: t}); ok && !exact {
			return sql
		}
		if fn.SQL != "" && !tooLong(fn, args) {
			return g.template(fn, args, t)
		}
	}
	return g.goCall(fn, args, t)
}

// overflows tells the operators whose integers, or ticks, the engine does not wrap.
func overflows(op string, t value.Type) bool {
	whole := t == value.LongType || t == value.DatetimeType || t == value.TimespanType
	return whole && slices.Contains([]string{"+", "-", "*", "/", "negate", "abs"}, op)
}

// template fills {1}, {2} and {*}. A string that NULL arguments make NULL is
// made empty again.
func (g *gen) template(fn *funcs.Func, args []Operand, t value.Type) string {
	sql := fn.SQL
	var all []string
	nullable := false
	for i, a := range args {
		sql = strings.ReplaceAll(sql, fmt.Sprintf("{%d}", i+1), a.SQL)
		all = append(all, a.SQL)
		nullable = nullable || a.Type != value.StringType && !a.Const
	}
	sql = strings.ReplaceAll(sql, "{*}", strings.Join(all, ", "))
	if t == value.StringType && nullable {
		return "coalesce(" + sql + ", '')"
	}
	return sql
}

// goCall writes a call of the Go function.
func (g *gen) goCall(fn *funcs.Func, args []Operand, t value.Type) string {
	if fn.Eval == nil {
		fail("the function %s cannot be computed", fn.Name)
	}
	f := Function{Fn: fn, Out: t}
	var list []string
	code := ""
	for _, a := range args {
		f.In = append(f.In, a.Type)
		code += a.Type.String()[:2] + "_"
		list = append(list, a.SQL)
	}
	f.Name = "kql_" + identifier(fn.Name) + "_" + code + t.String()[:2]
	g.functions[f.Name] = f
	return f.Name + "(" + strings.Join(list, ", ") + ")"
}

func (g *gen) goCallByName(fn string, t value.Type, args []Operand) string {
	return g.goCall(funcs.Must(fn), args, t)
}

// operatorNames spells operators in letters.
var operatorNames = strings.NewReplacer("+", "plus", "-", "minus", "*", "times", "/", "over", "%", "mod",
	"==", "eq", "!=", "ne", "<=", "le", ">=", "ge", "<", "lt", ">", "gt", "=~", "eqfold", "~", "_fold", " ", "_")

func identifier(fn string) string { return operatorNames.Replace(fn) }

// inQuery writes x in (subquery), NULL where x is.
func (g *gen) inQuery(x *plan.InQuery) string {
	sub := g.node(x.Sub)
	left, col := g.value(x.X), operand{name(x.Col), g.forms[x.Col]}
	if left.form != col.form || left.form == NullString {
		left.sql, col.sql = g.canonical(left, x.X.Type()), g.canonical(col, x.Col.Type)
	}
	if x.Fold {
		left.sql, col.sql = "lower("+left.sql+")", "lower("+col.sql+")"
	}
	return fmt.Sprintf("(%s IN (SELECT %s FROM (%s) WHERE %s IS NOT NULL))", left.sql, col.sql, sub, col.sql)
}

// agg writes an aggregate.
func (g *gen) agg(x *plan.Agg) operand {
	a := Agg{Name: x.Fn.Name, Out: x.T, Order: strings.TrimPrefix(g.orderBy(x.Order), " ")}
	form := Canonical
	for i, arg := range x.Args {
		if v := g.value(arg); i == 0 && keepsForm(x.Fn.Name) && (v.form == Timestamp || v.form == TimestampTZ) {
			form = v.form
			a.Args = append(a.Args, Operand{SQL: v.sql, Type: arg.Type()})
			continue
		}
		a.Args = append(a.Args, g.operand(arg))
	}
	if x.Filter != nil {
		a.Filter = " FILTER (WHERE " + g.cond(x.Filter) + ")"
	}
	sql, ok := g.d.Aggregate(&Writer{g}, a)
	if !ok {
		fail("the aggregate %s cannot be computed", x.Fn.Name)
	}
	return operand{sql, form}
}

// keepsForm tells the aggregates that give one of the values as it is.
func keepsForm(name string) bool {
	return slices.Contains([]string{"min", "max", "arg_max", "arg_min", "take_any"}, name)
}

// window writes a window function.
func (g *gen) window(x *plan.Window) operand {
	w := Win{Name: x.Fn.Name}
	for _, a := range x.Args {
		w.Args = append(w.Args, g.operand(a))
	}
	var over []string
	if len(x.Partition) > 0 {
		over = append(over, "PARTITION BY "+g.columnList(x.Partition))
	}
	if keys := g.keys(x.Order); keys != "" {
		over = append(over, "ORDER BY "+keys)
	}
	w.Over = strings.Join(over, " ")
	sql, ok := g.d.Window(w)
	if !ok {
		fail("the window function %s cannot be computed", x.Fn.Name)
	}
	return operand{sql: sql}
}
