package bind

import (
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// plugin binds the call of a plugin on rows, which are nil at the head of a
// query. It returns nil where it has reported a mistake, or where the columns
// cannot be known because nothing is run.
type plugin func(b *binder, r *relation, op syntax.Evaluate) *relation

// plugins are the plugins by name; each file plugin_*.go adds its own.
var plugins = map[string]plugin{}

// evaluate calls a plugin.
func (b *binder) evaluate(r *relation, op syntax.Evaluate) *relation {
	name := op.Call.Fn.Text
	if p, ok := plugins[name]; ok {
		if r == nil {
			b.report(op.Span, "T | evaluate "+name+"(...)", "the plugin '%s' needs rows", name)
			return nil
		}
		return p(b, r, op)
	}
	if why, ok := funcs.OutOfScope(name); ok {
		b.unsupported(op.Call.Fn.Span, "", "the plugin '%s' is not supported: %s", name, why)
		return nil
	}
	var names []string
	for n := range plugins {
		names = append(names, n)
	}
	b.report(op.Call.Fn.Span, syntax.DidYouMean(name, names), "'%s' is not a plugin", name)
	return nil
}

// pluginCall is a plugin's arguments, by place and by name.
type pluginCall struct {
	call       syntax.Call
	positional []syntax.Expr
	named      map[string]syntax.Expr
}

func pluginArgs(c syntax.Call) pluginCall {
	out := pluginCall{call: c, named: map[string]syntax.Expr{}}
	for _, a := range c.Args {
		if n, ok := a.(syntax.Named); ok {
			out.named[n.Names[0].Text] = n.X
		} else {
			out.positional = append(out.positional, a)
		}
	}
	return out
}

// at returns the argument at a place or of a name, nil if there is none.
func (p pluginCall) at(i int, name string) syntax.Expr {
	if x, ok := p.named[name]; ok {
		return x
	}
	if i < len(p.positional) {
		return p.positional[i]
	}
	return nil
}

// pluginColumn binds an argument that must be a column, of type t unless that
// is Unknown.
func (b *binder) pluginColumn(r *relation, args pluginCall, i int, name string, t value.Type) *plan.Column {
	x := args.at(i, name)
	if x == nil {
		b.report(args.call.Span, "", "'%s' needs a column", args.call.Fn.Text)
		return nil
	}
	ref, ok := b.expr(x, over(r)).(*plan.Ref)
	switch {
	case !ok && b.failed():
		return nil
	case !ok:
		b.report(x.Pos(), "", "a column is expected here")
		return nil
	case t != value.Unknown && ref.Col.Type != t:
		b.report(x.Pos(), "", "the column must be %s, not %s", t, ref.Col.Type)
		return nil
	}
	return ref.Col
}

// pluginText binds an argument that must be a constant string, "" if it is not
// given.
func (b *binder) pluginText(args pluginCall, i int, name string) string {
	x := args.at(i, name)
	if x == nil {
		return ""
	}
	lit, ok := b.constant(x, nil)
	if !ok {
		return ""
	}
	return value.Text(lit.Value)
}
