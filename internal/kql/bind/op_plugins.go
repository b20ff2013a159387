package bind

import (
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// plugin binds the call of a plugin on rows, which are nil at the head of a query.
type plugin func(b *binder, r *relation, op syntax.Evaluate) *relation

// plugins are the plugins by name.
var plugins = map[string]plugin{}

// evaluate calls a plugin.
func (b *binder) evaluate(r *relation, op syntax.Evaluate) *relation {
	name := op.Call.Fn.Text
	if p, ok := plugins[name]; ok {
		return p(b, r, op)
	}
	if why, ok := funcs.OutOfScope(name); ok {
		b.report(op.Call.Fn.Span, "", "the plugin '%s' is not supported: %s", name, why)
		return nil
	}
	var names []string
	for n := range plugins {
		names = append(names, n)
	}
	b.report(op.Call.Fn.Span, syntax.DidYouMean(name, names), "'%s' is not a plugin", name)
	return nil
}
