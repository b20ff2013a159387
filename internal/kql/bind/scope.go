package bind

import (
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// scope is the variables that can be seen, inner ones first.
type scope struct {
	parent *scope
	vars   map[string]*variable
}

// variable is a let: one of a scalar, a table and a function.
type variable struct {
	scalar   plan.Expr
	table    *relation
	function *function
}

// function is a let function with the scope in which it was made.
type function struct {
	syntax.Function
	scope *scope
}

func (s *scope) lookup(name string) *variable {
	for ; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			return v
		}
	}
	return nil
}

// names lists the variables for hints.
func (s *scope) names(keep func(*variable) bool) []string {
	var out []string
	for ; s != nil; s = s.parent {
		for n, v := range s.vars {
			if keep(v) {
				out = append(out, n)
			}
		}
	}
	return out
}

// within runs f in a new scope inside parent.
func (b *binder) within(parent *scope, f func()) {
	outer := b.scope
	b.scope = &scope{parent: parent, vars: map[string]*variable{}}
	defer func() { b.scope = outer }()
	f()
}

func (b *binder) let(l syntax.Let) {
	v := &variable{}
	switch {
	case l.Function != nil:
		v.function = &function{*l.Function, b.scope}
	case b.isTabular(l.Value, nil):
		v.table = b.table(l.Value)
		if v.table == nil {
			v.table = &relation{node: &plan.Rows{}}
		}
		v.table = share(v.table, false)
		v.table.name = ""
	default:
		v.scalar = b.expr(l.Value, &env{})
	}
	b.scope.vars[l.Name.Text] = v
}

// share makes a node that may be read in several places.
func share(r *relation, materialize bool) *relation {
	out := *r
	if s, ok := r.node.(*plan.Shared); ok && (s.Materialize || !materialize) {
		return &out
	}
	out.node = &plan.Shared{In: r.node, Materialize: materialize}
	return &out
}

// fresh gives a shared relation columns of its own, so that a table that is
// joined with itself has each of them twice.
func (b *binder) fresh(r *relation) *relation {
	out := &relation{name: r.name, serialized: r.serialized, ordinal: r.ordinal}
	p := &plan.Project{In: r.node}
	renamed := map[*plan.Column]*plan.Column{}
	add := func(c *plan.Column) *plan.Column {
		if n, ok := renamed[c]; ok {
			return n
		}
		n := b.column(c.Name, c.Type)
		renamed[c] = n
		p.Items = append(p.Items, plan.Item{Col: n, X: &plan.Ref{Col: c}})
		return n
	}
	for _, c := range r.cols {
		out.cols = append(out.cols, add(c))
	}
	for _, c := range r.hidden {
		out.hidden = append(out.hidden, add(c))
	}
	for _, k := range r.order {
		out.order = append(out.order, plan.Key{Col: add(k.Col), Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	out.node = p
	return out
}

// isTabular tells whether an expression gives rows rather than a value.
func (b *binder) isTabular(x syntax.Expr, e *env) bool {
	switch x := x.(type) {
	case syntax.Pipe, syntax.Datatable, syntax.Print, syntax.Range, syntax.Union, syntax.Search, syntax.Find, syntax.Evaluate:
		return true
	case syntax.Paren:
		return b.isTabular(x.X, e)
	case syntax.Name:
		if e != nil && e.find(x.Text) != nil {
			return false
		}
		if v := b.scope.lookup(x.Text); v != nil {
			return v.table != nil || v.function != nil && len(v.function.Params) == 0 && b.bodyIsTabular(v.function)
		}
		_, ok := b.opts.Catalog.Table(x.Text)
		return ok
	case syntax.Call:
		if v := b.scope.lookup(x.Fn.Text); v != nil && v.function != nil {
			return b.bodyIsTabular(v.function)
		}
		return x.Fn.Text == "materialize" || x.Fn.Text == "table" || x.Fn.Text == "view"
	}
	return false
}

// bodyIsTabular looks at the last statement of a function. Names that the
// function itself makes are known by their form.
func (b *binder) bodyIsTabular(f *function) (out bool) {
	if len(f.Body) == 0 || b.depth > maxDepth {
		return false
	}
	last, ok := f.Body[len(f.Body)-1].(syntax.QueryStatement)
	if !ok {
		return false
	}
	b.depth++
	defer func() { b.depth-- }()
	b.within(f.scope, func() {
		for _, p := range f.Params {
			b.scope.vars[p.Name.Text] = &variable{scalar: unknown}
			if p.Tabular {
				b.scope.vars[p.Name.Text] = &variable{table: &relation{}}
			}
		}
		for _, s := range f.Body {
			if l, ok := s.(syntax.Let); ok {
				b.scope.vars[l.Name.Text] = b.shape(l)
			}
		}
		out = b.isTabular(last.X, nil)
	})
	return out
}

// shape is a variable of the kind that a let would make, without its content.
func (b *binder) shape(l syntax.Let) *variable {
	switch {
	case l.Function != nil:
		return &variable{function: &function{*l.Function, b.scope}}
	case b.isTabular(l.Value, nil):
		return &variable{table: &relation{}}
	}
	return &variable{scalar: unknown}
}

// maxDepth bounds functions that call functions.
const maxDepth = 60
