package bind

import (
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// callScalarFunction binds the body of a function of the query in place of the
// call, its parameters standing for the arguments.
func (b *binder) callScalarFunction(at syntax.Span, name string, f *function, args []syntax.Expr, e *env) (out plan.Expr) {
	out = unknown
	b.enter(at, name, f, args, e, nil, func(last syntax.Expr) {
		if b.isTabular(last, e) {
			b.report(at, "use toscalar(...) for its first value", "'%s' gives a table; a value is expected", name)
			return
		}
		out = b.expr(last, e)
	})
	return out
}

// callTableFunction binds a function that gives rows. first, if set, is the
// table that invoke hands over.
func (b *binder) callTableFunction(at syntax.Span, name string, f *function, args []syntax.Expr, first *relation) (out *relation) {
	b.enter(at, name, f, args, &env{}, first, func(last syntax.Expr) { out = b.table(last) })
	return out
}

// enter makes the function's scope, with parameters and inner variables, and
// hands over its last expression.
func (b *binder) enter(at syntax.Span, name string, f *function, args []syntax.Expr, e *env, first *relation, body func(syntax.Expr)) {
	b.calls++
	if b.depth >= maxDepth || b.calls > maxCalls {
		b.report(at, "", "functions call each other too often")
		return
	}
	b.depth++
	defer func() { b.depth-- }()
	vars, ok := b.arguments(at, name, f, args, e, first)
	if !ok {
		return
	}
	b.within(f.scope, func() {
		b.scope.vars = vars
		for i, s := range f.Body {
			switch s := s.(type) {
			case syntax.Let:
				b.letIn(s, e)
			case syntax.QueryStatement:
				if i == len(f.Body)-1 {
					body(s.X)
				}
			}
		}
	})
}

// letIn is let inside a function, where scalars may use the row that the
// function is called for.
func (b *binder) letIn(l syntax.Let, e *env) {
	if l.Function == nil && !b.isTabular(l.Value, nil) {
		b.scope.vars[l.Name.Text] = &variable{scalar: b.expr(l.Value, e)}
		return
	}
	b.let(l)
}

// arguments binds a call's arguments to the function's parameters.
func (b *binder) arguments(at syntax.Span, name string, f *function, args []syntax.Expr, e *env, first *relation) (map[string]*variable, bool) {
	vars := map[string]*variable{}
	params := f.Params
	if first != nil {
		if len(params) == 0 || !params[0].Tabular {
			b.report(at, "", "the first parameter of '%s' is no table", name)
			return nil, false
		}
		vars[params[0].Name.Text] = &variable{table: share(first, false)}
		params = params[1:]
	}
	given, ok := b.assign(name, params, args)
	if !ok {
		return nil, false
	}
	for _, p := range params {
		v := b.parameter(at, name, p, given[p.Name.Text], e)
		if v == nil {
			return nil, false
		}
		vars[p.Name.Text] = v
	}
	return vars, true
}

// assign gives each parameter its argument: those that are named first, the
// others in their order.
func (b *binder) assign(name string, params []syntax.FunctionParam, args []syntax.Expr) (map[string]syntax.Expr, bool) {
	given := map[string]syntax.Expr{}
	for _, a := range args {
		if n, ok := a.(syntax.Named); ok && len(n.Names) == 1 {
			given[n.Names[0].Text] = n.X
		}
	}
	at := 0
	for _, a := range args {
		if _, ok := a.(syntax.Named); ok {
			continue
		}
		for at < len(params) && given[params[at].Name.Text] != nil {
			at++
		}
		if at == len(params) {
			b.report(a.Pos(), "", "'%s' takes %d arguments", name, len(params))
			return nil, false
		}
		given[params[at].Name.Text] = a
	}
	return given, true
}

func (b *binder) parameter(at syntax.Span, name string, p syntax.FunctionParam, arg syntax.Expr, e *env) *variable {
	if p.Tabular {
		if arg == nil {
			b.report(at, "", "'%s' needs a table for '%s'", name, p.Name.Text)
			return nil
		}
		r := b.table(arg)
		if r == nil {
			return nil
		}
		for _, c := range p.Schema {
			if r.find(c.Name.Text) == nil {
				b.report(arg.Pos(), syntax.DidYouMean(c.Name.Text, r.names()), "the table for '%s' has no column '%s'", p.Name.Text, c.Name.Text)
			}
		}
		return &variable{table: share(r, false)}
	}
	if arg == nil {
		arg = p.Default
	}
	if arg == nil {
		b.report(at, "", "'%s' needs an argument for '%s'", name, p.Name.Text)
		return nil
	}
	x := b.expr(arg, e)
	if t := x.Type(); !fits(t, p.Type) {
		b.report(arg.Pos(), "", "'%s' needs a %s for '%s', not %s", name, p.Type, p.Name.Text, t)
	}
	return &variable{scalar: b.cast(x, p.Type)}
}

// fits tells whether an argument of a type can be handed to a parameter of another.
func fits(t, param value.Type) bool {
	return t == param || t.IsNumber() && param.IsNumber() || t == value.DynamicType || t == value.Unknown || param == value.DynamicType
}
