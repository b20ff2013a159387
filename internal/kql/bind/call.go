package bind

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// special are functions whose arguments the binder must see itself.
var special = map[string]func(*binder, syntax.Call, *env) plan.Expr{}

func init() {
	for name, f := range map[string]func(*binder, syntax.Call, *env) plan.Expr{
		"toscalar": (*binder).toscalar, "now": (*binder).now, "ago": (*binder).ago,
		"column_ifexists": (*binder).columnIfExists, "columnifexists": (*binder).columnIfExists,
		"pack_all": (*binder).packAll, "bag_pack_columns": (*binder).packColumns, "ingestion_time": (*binder).ingestionTime,
		"pack_array": (*binder).packArray, "bin_auto": (*binder).binAuto, "column_names_of": (*binder).columnNamesOf,
		"iscolumnexists": (*binder).isColumn, "datetime_diff": (*binder).datetimeDiff,
	} {
		special[name] = f
	}
}

// call binds a function call: a function of the query, a special one, an
// aggregate, a window function or one of the table.
func (b *binder) call(c syntax.Call, e *env) plan.Expr {
	name := c.Fn.Text
	if v := b.scope.lookup(name); v != nil && v.function != nil {
		return b.callScalarFunction(c.Span, name, v.function, c.Args, e)
	}
	if f, ok := special[name]; ok {
		return f(b, c, e)
	}
	if e != nil && e.aggs != nil {
		if fn, ok := funcs.LookupAggregate(name); ok && !preferScalar(fn, c) {
			return b.aggregateCall(c, fn, e)
		}
	}
	return b.tableFunction(c, e)
}

// tableFunction binds the call of a function of the table.
func (b *binder) tableFunction(c syntax.Call, e *env) plan.Expr {
	fn, ok := funcs.Lookup(c.Fn.Text)
	if !ok || fn.Class == funcs.Operator && c.Fn.Text != "not" {
		return b.unknownFunction(c, e)
	}
	args := make([]plan.Expr, len(c.Args))
	for i, a := range c.Args {
		args[i] = b.argument(a, e)
	}
	if fn.Class == funcs.Window {
		return b.windowCall(c, fn, args, e)
	}
	if !b.checkArity(c, fn) {
		return &plan.Lit{T: fn.Returns}
	}
	b.checkConstants(c, fn, args)
	return b.apply(c.Fn.Span, fn, args)
}

// preferScalar tells the aggregates that are also scalar functions by the
// number of their arguments: merging tdigests is both.
func preferScalar(fn *funcs.Func, c syntax.Call) bool {
	_, scalar := funcs.Lookup(fn.Name)
	return scalar && len(c.Args) != 1
}

// argument binds an argument; its name, if it has one, does not matter.
func (b *binder) argument(a syntax.Expr, e *env) plan.Expr {
	if n, ok := a.(syntax.Named); ok {
		a = n.X
	}
	return b.expr(a, e)
}

func (b *binder) unknownFunction(c syntax.Call, e *env) plan.Expr {
	for _, a := range c.Args {
		if !b.isTabular(a, e) {
			b.argument(a, e)
		}
	}
	if _, ok := funcs.LookupAggregate(c.Fn.Text); ok {
		b.report(c.Fn.Span, "aggregates belong into summarize", "the aggregate '%s' is not allowed here", c.Fn.Text)
		return unknown
	}
	if why, ok := funcs.OutOfScope(c.Fn.Text); ok {
		b.unsupported(c.Fn.Span, "", "the function '%s' is not supported: %s", c.Fn.Text, why)
		return unknown
	}
	var names []string
	for _, f := range funcs.All() {
		if f.Class == funcs.Scalar || f.Class == funcs.Window {
			names = append(names, f.Name)
		}
	}
	b.report(c.Fn.Span, syntax.DidYouMean(c.Fn.Text, names), "'%s' is not a function", c.Fn.Text)
	return unknown
}

func (b *binder) checkArity(c syntax.Call, fn *funcs.Func) bool {
	least, most := fn.Arity()
	n := len(c.Args)
	switch {
	case n < least:
		b.report(c.Span, fn.Signature(), "'%s' needs at least %d arguments, it has %d", fn.Name, least, n)
	case most >= 0 && n > most:
		b.report(c.Span, fn.Signature(), "'%s' takes at most %d arguments, it has %d", fn.Name, most, n)
	default:
		return true
	}
	return false
}

// checkConstants checks arguments that must be constants, and the constants
// whose content can be checked.
func (b *binder) checkConstants(c syntax.Call, fn *funcs.Func, args []plan.Expr) {
	for i, a := range args {
		p := fn.Param(i)
		lit, isLit := a.(*plan.Lit)
		if p.Const && !isLit && a.Type() != value.Unknown {
			b.report(c.Args[i].Pos(), fn.Signature(), "the argument %s must be a constant", p.Name)
		}
		if _, isType := c.Args[i].(syntax.TypeLiteral); p.Kind == "type" && !isType {
			b.report(c.Args[i].Pos(), "write typeof(long)", "the argument %s must be a type", p.Name)
		}
		if !isLit {
			continue
		}
		s, _ := lit.Value.(string)
		switch {
		case p.Name == "regex" && lit.T == value.StringType:
			b.checkRegex(c.Args[i].Pos(), a)
		case p.Name == "format" && strings.HasPrefix(fn.Name, "format_") && (fn.Name == "format_datetime" || fn.Name == "format_timespan"):
			if err := funcs.CheckTimeFormat(fn.Name, s); err != nil {
				b.report(c.Args[i].Pos(), "letters are "+"y M d H h m s f F tt", "%v", err)
			}
		case p.Name == "kind" && fn.Name == "countof" && s != "normal" && s != "regex":
			b.report(c.Args[i].Pos(), "normal or regex", "'%s' is not a way to count", s)
		case p.Name == "part" && !validPart(fn.Name, s):
			b.report(c.Args[i].Pos(), syntax.DidYouMean(s, funcs.DateParts), "'%s' is not a period", s)
		}
	}
}

func validPart(fn, s string) bool {
	parts := funcs.DateParts
	if fn == "datetime_part" || fn == "datepart" {
		parts = funcs.DatetimeParts
	}
	return slices.ContainsFunc(parts, func(p string) bool { return strings.EqualFold(p, s) })
}

// resolve gives the types that a function wants and returns.
func (b *binder) resolve(fn *funcs.Func, args []plan.Expr) (types, error) {
	have := make([]value.Type, len(args))
	for i, a := range args {
		have[i] = a.Type()
	}
	if fn.Resolve != nil {
		want, result, err := fn.Resolve(have)
		return types{want, result}, err
	}
	want := make([]value.Type, len(args))
	for i, t := range have {
		var err error
		if want[i], err = fn.Param(i).Accept(t); err != nil {
			return types{result: fn.Returns}, err
		}
	}
	return types{want, fn.Returns}, nil
}

// types are what a function wants of its arguments and what it gives.
type types struct {
	want   []value.Type
	result value.Type
}

// apply makes a call with arguments converted, and folds it if all are constants.
func (b *binder) apply(at syntax.Span, fn *funcs.Func, args []plan.Expr) plan.Expr {
	t, err := b.resolve(fn, args)
	if err != nil {
		b.report(at, "", "%v", err)
		return &plan.Lit{T: t.result}
	}
	out := &plan.Call{Fn: fn, T: t.result, Args: make([]plan.Expr, len(args))}
	for i, a := range args {
		out.Args[i] = b.cast(a, t.want[i])
		if out.Args[i].Type() == value.Unknown {
			return &plan.Lit{T: t.result}
		}
	}
	return b.fold(out)
}

// fold computes a call of constants.
func (b *binder) fold(c *plan.Call) plan.Expr {
	if c.Fn.Volatile || c.Fn.Eval == nil {
		return c
	}
	call := &funcs.Call{Out: c.T}
	for _, a := range c.Args {
		lit, ok := a.(*plan.Lit)
		if !ok {
			return c
		}
		call.Args = append(call.Args, lit.Value)
		call.Types = append(call.Types, lit.T)
	}
	return b.run(c.Fn, call)
}

// run computes a call of constants. Where the query is to end, its value is null.
func (b *binder) run(fn *funcs.Func, c *funcs.Call) *plan.Lit {
	if b.stopped() {
		return &plan.Lit{T: c.Out}
	}
	v, err := fn.Run(c)
	if err == nil && b.made.add(v) {
		return &plan.Lit{T: c.Out, Value: v}
	}
	if err = cmp.Or(err, funcs.ErrMemory); errors.Is(err, funcs.ErrMemory) {
		b.stop(err)
	} else {
		b.report(syntax.Span{}, "", "%v", err)
	}
	return &plan.Lit{T: c.Out}
}

// conversions names the function that converts to a type.
var conversions = map[value.Type]string{
	value.BoolType: "tobool", value.IntType: "toint", value.LongType: "tolong", value.RealType: "todouble",
	value.DecimalType: "todecimal", value.StringType: "tostring", value.DatetimeType: "todatetime",
	value.TimespanType: "totimespan", value.GuidType: "toguid", value.DynamicType: "todyn",
}

// cast converts an expression to a type.
func (b *binder) cast(x plan.Expr, to value.Type) plan.Expr {
	from := x.Type()
	if from == to || from == value.Unknown || to == value.Unknown {
		return x
	}
	return b.fold(&plan.Call{Fn: funcs.Must(conversions[to]), Args: []plan.Expr{x}, T: to})
}
