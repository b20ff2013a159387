package bind

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// find gives the rows of tables for which a condition holds, with their source.
// Columns that the condition names and a table has not are null there; tables
// that have none of them are left out.
func (b *binder) find(op syntax.Find) *relation {
	tables := b.findTables(op)
	names := columnNames(op.Cond)
	for _, n := range names {
		if !slices.ContainsFunc(tables, func(t *relation) bool { return t.find(n.Text) != nil }) && b.scope.lookup(n.Text) == nil {
			b.report(n.Span, "", "none of the tables has a column '%s'", n.Text)
			return nil
		}
	}
	tables = slices.DeleteFunc(tables, func(t *relation) bool { return len(names) > 0 && !hasOne(t, names) })
	if len(tables) == 0 {
		if !b.failed() {
			b.report(op.Span, "", "there is no table to find rows in")
		}
		return nil
	}
	f := finder{b: b, op: op, tables: tables, names: names}
	out := make([]*relation, len(tables))
	for i, t := range tables {
		r := f.filter(t)
		if op.Project != nil {
			out[i] = f.project(t, r)
		} else {
			out[i] = f.smart(t, r)
		}
		out[i].name = t.name
	}
	source := op.Params.Text("withsource")
	if source == "" {
		source = "source_"
	}
	return b.concatenate(out, false, source, "union_arg")
}

func (b *binder) findTables(op syntax.Find) []*relation {
	if len(op.Tables) == 0 {
		return b.tablesLike(syntax.Name{Span: op.Span, Text: "*"})
	}
	var out []*relation
	for _, x := range op.Tables {
		out = append(out, b.unionTables(x, false)...)
	}
	return out
}

func hasOne(t *relation, names []syntax.Name) bool {
	return slices.ContainsFunc(names, func(n syntax.Name) bool { return t.find(n.Text) != nil })
}

// columnNames lists the names in a condition, each once.
func columnNames(x syntax.Expr) []syntax.Name {
	var out []syntax.Name
	var walk func(xs ...syntax.Expr)
	walk = func(xs ...syntax.Expr) {
		for _, x := range xs {
			switch x := x.(type) {
			case syntax.Name:
				if !slices.ContainsFunc(out, func(n syntax.Name) bool { return n.Text == x.Text }) {
					out = append(out, x)
				}
			case syntax.Binary:
				walk(x.X, x.Y)
			case syntax.Unary:
				walk(x.X)
			case syntax.In:
				walk(append([]syntax.Expr{x.X}, x.List...)...)
			case syntax.Between:
				walk(x.X, x.Low, x.High)
			case syntax.Call:
				walk(x.Args...)
			case syntax.Path:
				walk(x.X)
			case syntax.Index:
				walk(x.X, x.I)
			case syntax.Paren:
				walk(x.X)
			}
		}
	}
	walk(x)
	return out
}

// finder is a find with its tables and the columns that its condition names.
type finder struct {
	b      *binder
	op     syntax.Find
	tables []*relation
	names  []syntax.Name
}

// filter keeps the rows of a table for which the condition holds, with the
// columns that it lacks.
func (f finder) filter(t *relation) *relation {
	items := t.all()
	for _, n := range f.names {
		if other := f.column(n.Text); t.find(n.Text) == nil && other != nil {
			items = append(items, item{name: n.Text, x: missing(other.Type)})
		}
	}
	wide := f.b.project(t, items)
	s := searcher{b: f.b}
	return f.b.filter(wide, s.condition(f.op.Cond, over(wide)))
}

// column is the first column of that name in any table.
func (f finder) column(name string) *plan.Column {
	for _, t := range f.tables {
		if c := t.find(name); c != nil {
			return c
		}
	}
	return nil
}

func missing(t value.Type) plan.Expr {
	lit := &plan.Lit{T: t}
	if t == value.StringType {
		lit.Value = ""
	}
	return lit
}

// smart gives the columns that the condition names and those that all tables
// have, and packs the others.
func (f finder) smart(t, r *relation) *relation {
	var items []item
	var rest []*plan.Column
	for _, c := range r.cols {
		if f.isShown(c.Name) {
			items = append(items, item{name: c.Name, x: &plan.Ref{Col: c}})
		} else {
			rest = append(rest, c)
		}
	}
	packs := func(t *relation) bool {
		return slices.ContainsFunc(t.cols, func(c *plan.Column) bool { return !f.isShown(c.Name) })
	}
	if slices.ContainsFunc(f.tables, packs) {
		items = append(items, item{name: "pack_", x: f.b.pack(rest, false)})
	}
	return f.b.project(r, items)
}

func (f finder) isShown(name string) bool {
	named := slices.ContainsFunc(f.names, func(n syntax.Name) bool { return n.Text == name })
	return named || !slices.ContainsFunc(f.tables, func(t *relation) bool { return t.find(name) == nil })
}

// project gives the columns asked for, null where a table has them not.
func (f finder) project(t, r *relation) *relation {
	var items []item
	for _, p := range f.op.Project {
		if p.Pack {
			own := slices.DeleteFunc(slices.Clone(r.cols), func(c *plan.Column) bool { return t.find(c.Name) == nil })
			items = append(items, item{name: "pack_", x: f.b.pack(own, false)})
			continue
		}
		c, other := r.find(p.Name.Text), f.column(p.Name.Text)
		var x plan.Expr
		switch {
		case other == nil:
			f.b.report(p.Name.Span, "", "none of the tables has a column '%s'", p.Name.Text)
			continue
		case c == nil:
			x = missing(other.Type)
		default:
			x = &plan.Ref{Col: c}
		}
		if p.Typed {
			x = f.b.cast(x, p.Type)
		}
		items = append(items, item{name: p.Name.Text, x: x})
	}
	return f.b.project(r, items)
}
