package bind

import (
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// table binds an expression that gives rows; nil where it cannot be.
func (b *binder) table(x syntax.Expr) *relation {
	switch x := x.(type) {
	case syntax.Paren:
		return b.table(x.X)
	case syntax.Name:
		return b.tableName(x)
	case syntax.Pipe:
		return b.pipe(x)
	case syntax.Datatable:
		return b.datatable(x)
	case syntax.Print:
		return b.print(x)
	case syntax.Range:
		return b.rangeRows(x)
	case syntax.Union:
		return b.union(nil, x)
	case syntax.Search:
		return b.search(nil, x)
	case syntax.Find:
		return b.find(x)
	case syntax.Evaluate:
		return b.evaluate(nil, x)
	case syntax.Call:
		return b.tableCall(x)
	}
	b.report(x.Pos(), "print x = ... shows a value", "a table is expected here")
	return nil
}

func (b *binder) pipe(p syntax.Pipe) *relation {
	r := b.table(p.Source)
	return b.ops(r, p.Ops)
}

// ops applies operators in order. After one that failed the rest is bound
// against nothing, in silence.
func (b *binder) ops(r *relation, ops []syntax.Op) *relation {
	for _, op := range ops {
		if r == nil {
			return nil
		}
		r = b.op(r, op)
	}
	return r
}

// tableName finds a table by its name: a variable, a function without
// parameters, a table of the catalog.
func (b *binder) tableName(n syntax.Name) *relation {
	if v := b.scope.lookup(n.Text); v != nil {
		switch {
		case v.table != nil:
			if v.table.node == nil {
				return nil
			}
			return b.fresh(v.table)
		case v.function != nil && len(v.function.Params) == 0:
			r := b.callTableFunction(n.Span, n.Text, v.function, nil, nil)
			if r != nil && v.function.View {
				r.name = n.Text
			}
			return r
		}
		b.report(n.Span, "", "'%s' is a value; a table is expected", n.Text)
		return nil
	}
	t, ok := b.opts.Catalog.Table(n.Text)
	if !ok {
		names := append(b.opts.Catalog.Names(), b.scope.names(func(v *variable) bool { return v.scalar == nil })...)
		b.report(n.Span, syntax.DidYouMean(n.Text, names), "'%s' is not a table", n.Text)
		return nil
	}
	return b.scan(t)
}

// scan reads a table of the catalog.
func (b *binder) scan(t *catalog.Table) *relation {
	s := &plan.Scan{Table: t}
	r := &relation{node: s, name: t.Name}
	for _, c := range t.Columns {
		col := b.column(c.Name, c.Type)
		s.Cols = append(s.Cols, col)
		if c.Hidden {
			r.hidden = append(r.hidden, col)
		} else {
			r.cols = append(r.cols, col)
		}
	}
	return r
}

// tableCall binds functions that give rows.
func (b *binder) tableCall(c syntax.Call) *relation {
	if v := b.scope.lookup(c.Fn.Text); v != nil && v.function != nil {
		return b.callTableFunction(c.Span, c.Fn.Text, v.function, c.Args, nil)
	}
	switch {
	case c.Fn.Text == "materialize" && len(c.Args) == 1:
		r := b.table(c.Args[0])
		if r == nil {
			return nil
		}
		return b.fresh(share(r, true))
	case c.Fn.Text == "table" && len(c.Args) >= 1:
		if lit, ok := b.constant(c.Args[0], nil); ok {
			return b.tableName(syntax.Name{Span: c.Args[0].Pos(), Text: value.Text(lit.Value), Quoted: true})
		}
		return nil
	}
	if why, ok := funcs.OutOfScope(c.Fn.Text); ok {
		b.unsupported(c.Fn.Span, "", "'%s' is not supported: %s", c.Fn.Text, why)
		return nil
	}
	b.report(c.Fn.Span, syntax.DidYouMean(c.Fn.Text, b.scope.names(func(v *variable) bool { return v.function != nil })),
		"'%s' is not a function that gives a table", c.Fn.Text)
	return nil
}

// datatable makes the rows of a datatable. They are numbered, so that they stay
// in the order of the text where nothing else orders them.
func (b *binder) datatable(d syntax.Datatable) *relation {
	rows := &plan.Rows{Ordinal: b.column("", value.LongType)}
	for _, c := range d.Columns {
		rows.Cols = append(rows.Cols, b.column(c.Name.Text, c.Type))
	}
	width := len(d.Columns)
	for at := 0; at+width <= len(d.Values); at += width {
		row := make([]any, width)
		for i := range row {
			if lit, ok := b.constant(d.Values[at+i], nil); ok {
				row[i] = b.cast(lit, d.Columns[i].Type).(*plan.Lit).Value
			}
			if row[i] == nil && d.Columns[i].Type == value.StringType {
				row[i] = ""
			}
		}
		rows.Data = append(rows.Data, row)
	}
	return &relation{node: rows, cols: rows.Cols, order: []plan.Key{{Col: rows.Ordinal}}, ordinal: true}
}

// print makes one row.
func (b *binder) print(p syntax.Print) *relation {
	rows := &plan.Rows{Data: [][]any{{}}}
	r := &relation{node: rows}
	var items []item
	for i, a := range p.Args {
		for _, it := range b.printed(a, i, over(r)) {
			items = b.add(items, it.name, it.said, it.x, a.Pos())
		}
	}
	return b.project(r, items)
}

// printed binds an operand of print: one column, or several where a function
// gives several.
func (b *binder) printed(a syntax.Expr, i int, e *env) []namedItem {
	named, ok := a.(syntax.Named)
	if many := b.multiple(a, e); len(many) > 1 {
		return said(a, many)
	}
	it := item{name: "print_" + value.Text(int64(i)), x: b.expr(unnamed(a), e), at: a.Pos()}
	if ok {
		it.name = named.Names[0].Text
	}
	return []namedItem{{it, ok}}
}

// add appends an item; two of the same name are refused when the query says
// both, and numbered otherwise.
func (b *binder) add(items []item, name string, said bool, x plan.Expr, at syntax.Span) []item {
	taken := takenBy(items)
	if said && taken(name) {
		b.report(at, "", "a column '%s' is there already", name)
	}
	if !said {
		name = unique(name, taken)
	}
	return append(items, item{name: name, x: x, at: at})
}

// maxSeries bounds the rows that range makes.
const maxSeries = 100_000_000

// rangeRows makes the rows of range x from a to b step c.
func (b *binder) rangeRows(s syntax.Range) *relation {
	from, ok1 := b.constant(s.From, nil)
	to, ok2 := b.constant(s.To, nil)
	step, ok3 := b.constant(s.Step_, nil)
	if !ok1 || !ok2 || !ok3 {
		return &relation{node: &plan.Rows{}, cols: []*plan.Column{b.column(s.Column.Text, value.Unknown)}}
	}
	t := from.T
	if t == value.DynamicType {
		t = value.TypeOf(from.Value)
	}
	if t.IsNumber() && step.T.IsNumber() {
		t = value.Wider(value.Wider(t, step.T), value.LongType)
	}
	if !t.IsSummable() {
		b.report(s.From.Pos(), "", "range counts numbers, datetimes and timespans, not %s", t)
		return nil
	}
	stepType := t
	if t == value.DatetimeType {
		stepType = value.TimespanType
	}
	n := &plan.Series{Col: b.column(s.Column.Text, t), Max: maxSeries,
		From: b.cast(from, t).(*plan.Lit).Value, To: b.cast(to, t).(*plan.Lit).Value, Step: b.cast(step, stepType).(*plan.Lit).Value}
	r := &relation{node: n, cols: []*plan.Column{n.Col}, serialized: true}
	r.order = []plan.Key{{Col: n.Col, Desc: descending(n.Step)}}
	r.ordinal = !r.order[0].Desc
	return r
}

func descending(step any) bool {
	c, ok := value.Compare(step, value.Convert(int64(0), value.TypeOf(step)))
	return ok && c < 0
}
