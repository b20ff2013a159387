// Package bind gives a query's names their meaning: it resolves columns,
// tables, variables and functions, checks types, names results as Kusto does,
// and makes a plan.
//
// A mistake becomes a diagnostic and binding goes on with a value of unknown
// type, which fits everywhere, so that one mistake is told once and the next
// one too.
//
// Each operator is a method on [binder] in a file op_*.go. It takes a relation
// (a plan node and what its columns are called) and returns the next one. To
// add an operator, parse it in package syntax, write its method, and name it in
// the switch in ops.go.
package bind

import (
	"context"
	"fmt"
	"slices"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Runner runs parts of a query while the rest is bound: what toscalar gives,
// which columns pivot makes, and operators that are computed in Go.
type Runner interface {
	// Rows returns all rows of a query, or an error when there are too many.
	Rows(ctx context.Context, q *plan.Query) ([][]any, error)
	// Store keeps rows as a table for the rest of this query.
	Store(ctx context.Context, cols []catalog.Column, rows [][]any) (*catalog.Table, error)
}

// Options are what a query is bound against.
type Options struct {
	Catalog catalog.Catalog
	// Now is what now() gives, one value in a query.
	Now value.Datetime
	// Runner may be nil where a query is only checked; what would need it has
	// then an unknown type or schema.
	Runner Runner
	// Parameters are values for declare query_parameters.
	Parameters map[string]any
}

// Result is a bound text: a plan for each of its statements that give rows.
type Result struct {
	Queries []*plan.Query
	// Options are what set statements said, by name.
	Options map[string]any
	// Err is what ended the binding, where that was no mistake of the text. The
	// diagnostics have it too.
	Err error
}

// Query binds a parsed text. Where the diagnostics refuse it, the result may
// still have queries, for the columns that they would give.
func Query(ctx context.Context, q *syntax.Query, opts Options) (Result, syntax.Diagnostics) {
	if opts.Catalog == nil {
		opts.Catalog = catalog.Static{}
	}
	b := &binder{ctx: ctx, opts: opts, scope: &scope{vars: map[string]*variable{}}, set: map[string]any{}, uniques: map[*plan.Limit][]*plan.Column{}}
	queries := b.statements(q.Statements)
	if b.end != nil {
		b.report(syntax.Span{}, "", "%v", b.end)
	}
	for i := range b.diags {
		b.diags[i].Complete(q.Text, syntax.CodeSemantics)
	}
	slices.SortStableFunc(b.diags, func(x, y syntax.Diagnostic) int { return x.Span.Start - y.Span.Start })
	return Result{Queries: queries, Options: b.set, Err: b.end}, b.diags
}

// binder holds what is the same for the whole text, and the current scope.
type binder struct {
	ctx   context.Context
	opts  Options
	scope *scope
	diags syntax.Diagnostics
	set   map[string]any
	// uniques holds the columns of the left sides of innerunique joins.
	uniques map[*plan.Limit][]*plan.Column

	// scalars are the values of toscalar, by where it stands and what it is
	// of: it is computed once, however often a function that has it is called.
	scalars map[string]*plan.Lit

	// end is what ended the binding; made is what functions have made so far.
	end  error
	made budget

	columns int
	depth   int
	calls   int
}

// maxDiagnostics is how many mistakes are told.
const maxDiagnostics = 20

// maxCalls bounds how many user functions a query calls, also through others.
const maxCalls = 2000

func (b *binder) report(at syntax.Span, hint, format string, args ...any) {
	if len(b.diags) < maxDiagnostics {
		b.diags = append(b.diags, syntax.Diagnostic{Severity: syntax.Error, Span: at, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
}

// unsupported reports something that Kusto has and this engine has not.
func (b *binder) unsupported(at syntax.Span, hint, format string, args ...any) {
	if len(b.diags) < maxDiagnostics {
		b.report(at, hint, format, args...)
		b.diags[len(b.diags)-1].Code = syntax.CodeUnsupported
	}
}

// failed tells whether the query is refused already; nothing need run then.
func (b *binder) failed() bool { return b.diags.Refused() || b.stopped() }

// column makes a new column.
func (b *binder) column(name string, t value.Type) *plan.Column {
	b.columns++
	return &plan.Column{ID: b.columns, Name: name, Type: t}
}

// statements binds statements in order; the last that gives rows is the result.
func (b *binder) statements(list []syntax.Statement) []*plan.Query {
	var out []*plan.Query
	for _, s := range list {
		switch s := s.(type) {
		case syntax.Let:
			b.let(s)
		case syntax.Set:
			b.setOption(s)
		case syntax.Declare:
			b.declare(s)
		case syntax.QueryStatement:
			if q := b.result(s.X); q != nil {
				out = append(out, q)
			}
		}
	}
	if len(out) == 0 && !b.failed() {
		b.report(syntax.Span{}, "", "the query gives no result: it has no tabular expression")
	}
	return out
}

// result binds an expression that gives the rows of a statement.
func (b *binder) result(x syntax.Expr) *plan.Query {
	render, x := splitRender(x)
	r := b.table(x)
	if r == nil {
		return nil
	}
	q := &plan.Query{Node: r.node, Cols: r.cols, Order: r.order}
	if render != nil {
		q.Render, q.RenderWith = render.Kind, map[string]string{}
		for _, p := range render.Props {
			q.RenderWith[p.Name] = render.Props.Text(p.Name)
		}
	}
	return q
}

// splitRender takes the render operator off the end of a pipe.
func splitRender(x syntax.Expr) (*syntax.Render, syntax.Expr) {
	p, ok := x.(syntax.Pipe)
	if !ok || len(p.Ops) == 0 {
		return nil, x
	}
	last := len(p.Ops) - 1
	r, ok := p.Ops[last].(syntax.Render)
	if !ok {
		return nil, x
	}
	p.Ops = p.Ops[:last]
	if last == 0 {
		return &r, p.Source
	}
	return &r, p
}

func (b *binder) setOption(s syntax.Set) {
	var v any = true
	if s.Value != nil {
		if lit, ok := b.constant(s.Value, nil); ok {
			v = lit.Value
		}
	}
	b.set[s.Name.Text] = v
}

// declare gives query parameters their value or default.
func (b *binder) declare(d syntax.Declare) {
	for _, p := range d.Params {
		lit := &plan.Lit{T: p.Type}
		if v, ok := b.opts.Parameters[p.Name.Text]; ok {
			lit.Value = value.Convert(v, p.Type)
		} else if p.Default != nil {
			if def, ok := b.constant(p.Default, nil); ok {
				lit.Value = b.cast(def, p.Type).(*plan.Lit).Value
			}
		} else {
			b.report(p.Span, "give it a value with the request, or a default here", "the query parameter '%s' has no value", p.Name.Text)
		}
		b.scope.vars[p.Name.Text] = &variable{scalar: lit}
	}
}
