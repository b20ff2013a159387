package bind

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// scanSteps runs scan. Each row depends on what the rows before it have left
// behind, which SQL has no words for: the rows are read in order and go through
// the steps in Go.
func (b *binder) scanSteps(r *relation, op syntax.ScanOp) *relation {
	if len(op.Order) > 0 {
		r = b.sort(r, op.Order)
	}
	s := &scanner{input: slices.Clone(r.cols), matchID: op.Params.Text("with_match_id"), stepName: op.Params.Text("with_step_name")}
	partition := slices.Clone(r.part)
	for _, x := range op.Partition {
		var col *plan.Column
		col, r = b.hidden(r, b.expr(x, over(r)))
		partition = append(partition, col)
	}
	s.carried = slices.Clone(s.input)
	for _, c := range partition {
		if !slices.Contains(s.carried, c) {
			s.carried = append(s.carried, c)
		}
	}
	for _, c := range partition {
		s.partition = append(s.partition, slices.Index(s.carried, c))
	}
	b.scanDeclare(s, op.Declare)
	for i, step := range op.Steps {
		b.scanStep(r, s, i, step)
	}
	if b.failed() {
		return nil
	}
	return b.scanned(r, s, op)
}

// scanDeclare binds the columns that steps set.
func (b *binder) scanDeclare(s *scanner, list []syntax.Declared) {
	for _, d := range list {
		lit := &plan.Lit{T: d.Type}
		if d.Type == value.StringType {
			lit.Value = ""
		}
		if d.Default != nil {
			if given, ok := b.constant(d.Default, nil); ok {
				lit = b.cast(given, d.Type).(*plan.Lit)
			}
		}
		if s.column(d.Name.Text) >= 0 {
			b.report(d.Span, "", "a column '%s' is there already", d.Name.Text)
		}
		s.declared = append(s.declared, b.column(d.Name.Text, d.Type))
		s.defaults = append(s.defaults, lit.Value)
	}
}

// scanStep binds a step: its condition and what it sets. It sees the row, the
// declared columns with their defaults, and the columns of the steps up to
// itself as step.column.
func (b *binder) scanStep(r *relation, s *scanner, i int, step syntax.ScanStep) {
	if slices.ContainsFunc(s.steps, func(o scanStep) bool { return o.name == step.Name.Text }) {
		b.report(step.Name.Span, "", "a step '%s' is there already", step.Name.Text)
	}
	out := scanStep{name: step.Name.Text, output: step.Output}
	if !slices.Contains([]string{"all", "last", "none"}, step.Output) {
		b.report(step.Span, "all, last or none", "'%s' is not an output of a step", step.Output)
	}
	for _, c := range append(slices.Clone(s.input), s.declared...) {
		out.state = append(out.state, b.column(c.Name, c.Type))
	}
	s.steps = append(s.steps, out)
	e := &env{row: r, extra: s.declaredColumn, states: map[string]func(string) plan.Expr{}}
	for j := range s.steps {
		e.states[s.steps[j].name] = func(name string) plan.Expr { return s.stateColumn(j, name) }
	}
	this := &s.steps[i]
	this.cond = b.condition(step.Cond, e)
	b.scanPlain(step.Cond.Pos(), this.cond)
	for _, set := range step.Sets {
		b.scanSet(s, this, set, e)
	}
}

func (b *binder) scanSet(s *scanner, step *scanStep, x syntax.Expr, e *env) {
	named, ok := x.(syntax.Named)
	at := -1
	if ok && len(named.Names) == 1 {
		at = slices.IndexFunc(s.declared, func(c *plan.Column) bool { return c.Name == named.Names[0].Text })
	}
	if at < 0 {
		b.report(x.Pos(), "name it behind declare", "a step sets declared columns only")
		return
	}
	v, t := b.expr(named.X, e), s.declared[at].Type
	if have := v.Type(); have != t && have != value.Unknown && have != value.DynamicType && t != value.DynamicType && (!have.IsNumber() || !t.IsNumber()) {
		b.report(named.X.Pos(), "", "the column '%s' is a %s, not a %s", s.declared[at].Name, t, have)
	}
	b.scanPlain(x.Pos(), v)
	step.sets = append(step.sets, scanSet{column: len(s.input) + at, x: b.cast(v, t)})
}

// scanPlain refuses what cannot be computed row by row.
func (b *binder) scanPlain(at syntax.Span, x plan.Expr) {
	plan.Walk(x, func(x plan.Expr) {
		call, isCall := x.(*plan.Call)
		_, sub := x.(*plan.InQuery)
		if sub || isCall && call.Fn.Eval == nil {
			b.report(at, "", "a step of scan cannot use this")
		}
	})
}

// scanned makes the relation of what the steps put out.
func (b *binder) scanned(r *relation, s *scanner, op syntax.ScanOp) *relation {
	var names []string
	var types []value.Type
	made := slices.Concat(s.carried, s.declared)
	if s.matchID != "" {
		made = append(made, b.column(s.matchID, value.LongType))
	}
	if s.stepName != "" {
		made = append(made, b.column(s.stepName, value.StringType))
	}
	for _, c := range made {
		names, types = append(names, c.Name), append(types, c.Type)
	}
	var data [][]any
	if rows, ok := b.rows(op.Span, r, s.carried); ok {
		data = s.scan(b, rows)
	}
	stored := b.stored(op.Span, names, types, data)
	if stored == nil {
		return nil
	}
	p := &plan.Project{In: stored.node}
	for i, c := range made {
		p.Items = append(p.Items, plan.Item{Col: c, X: &plan.Ref{Col: stored.cols[i]}})
	}
	for _, k := range stored.order {
		p.Items = append(p.Items, plan.Item{Col: k.Col, X: &plan.Ref{Col: k.Col}})
	}
	return &relation{node: p, cols: append(slices.Clone(s.input), made[len(s.carried):]...), order: stored.order,
		ordinal: r.ordinal, serialized: true, part: r.part}
}

// evaluate computes an expression over columns whose values are known.
func (s *scanner) evaluate(x plan.Expr, row map[*plan.Column]any) any {
	switch x := x.(type) {
	case *plan.Lit:
		return x.Value
	case *plan.Ref:
		return row[x.Col]
	case *plan.Call:
		call := &funcs.Call{Out: x.T}
		for _, a := range x.Args {
			call.Args = append(call.Args, s.evaluate(a, row))
			call.Types = append(call.Types, a.Type())
		}
		v, err := x.Fn.Run(call)
		if err != nil {
			s.b.stop(err)
		}
		return v
	}
	return nil
}
