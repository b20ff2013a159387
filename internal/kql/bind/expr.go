package bind

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// expr binds a scalar expression.
func (b *binder) expr(x syntax.Expr, e *env) plan.Expr {
	switch x := x.(type) {
	case syntax.Literal:
		return &plan.Lit{T: x.Type, Value: literalOf(x)}
	case syntax.Name:
		return b.name(x, e)
	case syntax.Paren:
		return b.expr(x.X, e)
	case syntax.Unary:
		return b.unary(x, e)
	case syntax.Binary:
		return b.binary(x, e)
	case syntax.Between:
		return b.between(x, e)
	case syntax.In:
		return b.in(x, e)
	case syntax.Path:
		return b.path(x, e)
	case syntax.Index:
		return b.index(x, e)
	case syntax.Call:
		return b.call(x, e)
	case syntax.TypeLiteral:
		return &plan.Lit{T: x.Type}
	case syntax.Named:
		b.report(x.Span, "'==' compares; '=' names a column", "a name is not allowed here")
		return b.expr(x.X, e)
	case syntax.Star:
		b.report(x.Span, "", "'*' is not allowed here")
		return unknown
	}
	b.report(x.Pos(), "use toscalar(...) for the first value of a table", "a table is not allowed here; a value is expected")
	return unknown
}

// literalOf is the literal's value; the null string is empty.
func literalOf(x syntax.Literal) any {
	if x.Value == nil && x.Type == value.StringType {
		return ""
	}
	return x.Value
}

// name resolves a name: a column first, then a variable.
func (b *binder) name(n syntax.Name, e *env) plan.Expr {
	if e != nil && e.extra != nil {
		if x := e.extra(n.Text); x != nil {
			return x
		}
	}
	if c := e.find(n.Text); c != nil {
		return &plan.Ref{Col: c}
	}
	if v := b.scope.lookup(n.Text); v != nil {
		switch {
		case v.scalar != nil:
			return v.scalar
		case v.function != nil && len(v.function.Params) == 0:
			return b.callScalarFunction(n.Span, n.Text, v.function, nil, e)
		case v.table != nil:
			b.report(n.Span, "use toscalar("+n.Text+") for its first value", "'%s' is a table; a value is expected", n.Text)
			return unknown
		}
	}
	b.unknownColumn(n, e)
	return unknown
}

func (b *binder) unknownColumn(n syntax.Name, e *env) {
	var candidates []string
	if e != nil && e.row != nil {
		candidates = e.row.names()
		if e.row.node == nil {
			return
		}
	}
	candidates = append(candidates, b.scope.names(func(v *variable) bool { return v.scalar != nil })...)
	hint := syntax.DidYouMean(n.Text, candidates)
	if _, ok := funcs.Lookup(n.Text); ok {
		hint = "a function needs parentheses"
	}
	b.report(n.Span, hint, "'%s' is not a column or variable here", n.Text)
}

func (b *binder) unary(x syntax.Unary, e *env) plan.Expr {
	operand := b.expr(x.X, e)
	if x.Op == "+" {
		return operand
	}
	return b.apply(x.Span, funcs.Must("negate"), []plan.Expr{operand})
}

// binary binds operators, and the conditions on all columns: * has "x".
func (b *binder) binary(x syntax.Binary, e *env) plan.Expr {
	if _, star := x.X.(syntax.Star); star {
		return b.anyColumn(x, e)
	}
	left, right := b.expr(x.X, e), b.expr(x.Y, e)
	op, negated := strings.CutPrefix(x.Op, "!")
	switch {
	case x.Op == "!=":
		op, negated = "!=", false
	case x.Op == "!~":
		op = "=~"
	case op == "like" || op == "notlike" || op == "likecs" || op == "notlikecs":
		b.unsupported(x.OpAt, "use contains, startswith, endswith or matches regex", "'%s' is not supported", op)
		return unknown
	}
	if op == "matches regex" {
		b.checkRegex(x.Y.Pos(), right)
	}
	fn, ok := funcs.Lookup(op)
	if !ok {
		b.report(x.OpAt, "", "'%s' is not an operator", x.Op)
		return unknown
	}
	out := b.apply(x.OpAt, fn, []plan.Expr{left, right})
	if negated {
		return b.not(out)
	}
	return out
}

func (b *binder) not(x plan.Expr) plan.Expr {
	return b.apply(syntax.Span{}, funcs.Must("not"), []plan.Expr{x})
}

func (b *binder) checkRegex(at syntax.Span, x plan.Expr) {
	if lit, ok := x.(*plan.Lit); ok {
		if s, ok := lit.Value.(string); ok {
			if err := funcs.CheckRegex(s); err != nil {
				b.report(at, "", "the regular expression is not valid: %v", err)
			}
		}
	}
}

// anyColumn is true where the condition holds for one of the columns, written
// as text where the operator is one on text.
func (b *binder) anyColumn(x syntax.Binary, e *env) plan.Expr {
	if e.row == nil {
		b.report(x.X.Pos(), "", "there are no columns here for '*'")
		return unknown
	}
	right := b.expr(x.Y, e)
	op, negated := strings.CutPrefix(x.Op, "!")
	fn, ok := funcs.Lookup(op)
	if !ok {
		b.unsupported(x.OpAt, "", "'* %s' is not supported", x.Op)
		return unknown
	}
	var out plan.Expr = &plan.Lit{T: value.BoolType, Value: false}
	for _, c := range e.row.cols {
		var col plan.Expr = &plan.Ref{Col: c}
		if _, err := b.resolve(fn, []plan.Expr{col, right}); err != nil {
			col = b.cast(col, value.StringType)
		}
		if _, err := b.resolve(fn, []plan.Expr{col, right}); err != nil {
			continue
		}
		out = b.apply(x.OpAt, funcs.Must("or"), []plan.Expr{out, b.apply(x.OpAt, fn, []plan.Expr{col, right})})
	}
	if negated {
		return b.not(out)
	}
	return out
}

// between is x >= low and x <= high. A timespan above a datetime is a length.
func (b *binder) between(x syntax.Between, e *env) plan.Expr {
	v, low, high := b.expr(x.X, e), b.expr(x.Low, e), b.expr(x.High, e)
	if high.Type() == value.TimespanType && low.Type() == value.DatetimeType {
		high = b.apply(x.High.Pos(), funcs.Must("+"), []plan.Expr{low, high})
	}
	out := b.apply(x.Span, funcs.Must("and"), []plan.Expr{
		b.apply(x.Low.Pos(), funcs.Must(">="), []plan.Expr{v, low}),
		b.apply(x.High.Pos(), funcs.Must("<="), []plan.Expr{v, high}),
	})
	if x.Not {
		return b.not(out)
	}
	return out
}

// path is x.name: a member of a dynamic value, or a step's column in scan.
func (b *binder) path(x syntax.Path, e *env) plan.Expr {
	if n, ok := x.X.(syntax.Name); ok && e != nil {
		if side := joinSide(n.Text, e); side != nil {
			if c := side.find(x.Name.Text); c != nil {
				return &plan.Ref{Col: c}
			}
			b.unknownColumn(x.Name, &env{row: side})
			return unknown
		}
		if step, ok := e.states[n.Text]; ok {
			if v := step(x.Name.Text); v != nil {
				return v
			}
			b.report(x.Name.Span, "", "the step '%s' has no column '%s'", n.Text, x.Name.Text)
			return unknown
		}
	}
	v := b.expr(x.X, e)
	if t := v.Type(); t != value.DynamicType && t != value.Unknown {
		b.report(x.Name.Span, "parse_json makes a dynamic value of text", "a %s has no members", t)
		return unknown
	}
	return b.apply(x.Span, funcs.Must("member"), []plan.Expr{v, &plan.Lit{T: value.StringType, Value: x.Name.Text}})
}

func joinSide(name string, e *env) *relation {
	switch name {
	case "$left":
		return e.left
	case "$right":
		return e.right
	}
	return nil
}

func (b *binder) index(x syntax.Index, e *env) plan.Expr {
	v, i := b.expr(x.X, e), b.expr(x.I, e)
	if t := v.Type(); t != value.DynamicType && t != value.Unknown {
		b.report(x.Span, "parse_json makes a dynamic value of text", "a %s has no elements", t)
		return unknown
	}
	if t := i.Type(); t != value.StringType && !t.IsInteger() && t != value.DynamicType && t != value.Unknown {
		b.report(x.I.Pos(), "", "an element is named by a number or a string, not by a %s", t)
		return unknown
	}
	return b.apply(x.Span, funcs.Must("element"), []plan.Expr{v, i})
}

// constant binds an expression that must be a constant.
func (b *binder) constant(x syntax.Expr, e *env) (*plan.Lit, bool) {
	v := b.expr(x, e)
	if lit, ok := v.(*plan.Lit); ok && lit.T != value.Unknown {
		return lit, true
	}
	if v.Type() != value.Unknown {
		b.report(x.Pos(), "", "a constant is expected here")
	}
	return nil, false
}
