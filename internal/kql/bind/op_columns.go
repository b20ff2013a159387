package bind

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

var falseLit = &plan.Lit{T: value.BoolType, Value: false}

// where keeps the rows for which all conditions hold.
func (b *binder) where(r *relation, op syntax.Simple) *relation {
	for _, a := range op.Args {
		cond := b.condition(a, over(r))
		b.pushBelowUnique(r.node, cond)
		r = b.filter(r, cond)
	}
	return r
}

// condition binds an expression that must be a bool.
func (b *binder) condition(x syntax.Expr, e *env) plan.Expr {
	cond := b.expr(x, e)
	switch cond.Type() {
	case value.BoolType, value.Unknown:
	default:
		b.report(x.Pos(), "compare it with something", "a condition must be a bool, not %s", cond.Type())
		return unknown
	}
	return cond
}

// extend adds columns, or replaces those of the same name in their place. Of a
// function that gives several columns it keeps those that have been named, if
// any has; project keeps all.
func (b *binder) extend(r *relation, args []syntax.Expr) *relation {
	items := r.all()
	set := map[string]bool{}
	n := &namer{prefix: "Column"}
	for _, a := range args {
		for _, it := range said(a, b.columnsOf(a, n, over(r))) {
			if it.said && set[it.name] {
				b.report(a.Pos(), "use a second extend", "the column '%s' is set twice", it.name)
			}
			if it.name == "" {
				it.name = b.freeNumber(n, items)
			}
			set[it.name] = true
			if i := slices.IndexFunc(items, func(o item) bool { return o.name == it.name }); i >= 0 {
				items[i].x = it.x
			} else {
				items = append(items, it.item)
			}
		}
	}
	return r.keepHidden(b.project(r, items))
}

// freeNumber is the next Column1 that no column has.
func (b *binder) freeNumber(n *namer, items []item) string {
	name := n.numbered()
	for takenBy(items)(name) {
		name = n.numbered()
	}
	return name
}

// namedItem is an item with whether the query says its name.
type namedItem struct {
	item
	said bool
}

// columnsOf binds an operand of extend or project, which is one column, or
// several where a function gives several: (a, b) = f().
func (b *binder) columnsOf(a syntax.Expr, n *namer, e *env) []namedItem {
	if many := b.multiple(a, e); many != nil {
		return many
	}
	name, said := n.name(a)
	return []namedItem{{item{name, b.expr(unnamed(a), e), a.Pos()}, said}}
}

// projectOp makes the columns that are listed.
func (b *binder) projectOp(r *relation, args []syntax.Expr) *relation {
	var items []item
	n := &namer{prefix: "Column"}
	for _, a := range args {
		if _, star := a.(syntax.Star); star {
			for _, it := range r.all() {
				items = b.add(items, it.name, true, it.x, a.Pos())
			}
			continue
		}
		for _, it := range b.columnsOf(a, n, over(r)) {
			if it.name == "" {
				it.name = b.freeNumber(n, items)
			}
			items = b.add(items, it.name, it.said, it.x, it.at)
		}
	}
	return b.project(r, items)
}

// matching returns the columns that a name or pattern means.
func (b *binder) matching(r *relation, x syntax.Expr) []*plan.Column {
	n, ok := x.(syntax.Name)
	if !ok {
		b.report(x.Pos(), "", "a column's name is expected here")
		return nil
	}
	var out []*plan.Column
	for _, c := range r.cols {
		if c.Name == n.Text || !n.Quoted && strings.Contains(n.Text, "*") && catalog.Wildcard(n.Text, c.Name) {
			out = append(out, c)
		}
	}
	if out == nil {
		b.unknownColumn(n, over(r))
	}
	return out
}

func (b *binder) matchingAll(r *relation, args []syntax.Expr) []*plan.Column {
	var out []*plan.Column
	for _, a := range args {
		out = append(out, b.matching(r, a)...)
	}
	return out
}

func (b *binder) projectAway(r *relation, args []syntax.Expr) *relation {
	away := b.matchingAll(r, args)
	return b.keepColumns(r, func(c *plan.Column) bool { return !slices.Contains(away, c) })
}

func (b *binder) projectKeep(r *relation, args []syntax.Expr) *relation {
	keep := b.matchingAll(r, args)
	return b.keepColumns(r, func(c *plan.Column) bool { return slices.Contains(keep, c) })
}

// keepColumns hides columns; nothing is computed for that.
func (b *binder) keepColumns(r *relation, keep func(*plan.Column) bool) *relation {
	out := *r
	out.cols = nil
	for _, c := range r.cols {
		if keep(c) {
			out.cols = append(out.cols, c)
		}
	}
	return &out
}

func (b *binder) projectRename(r *relation, args []syntax.Expr) *relation {
	items := r.all()
	for _, a := range args {
		n, ok := a.(syntax.Named)
		if !ok || len(n.Names) != 1 {
			b.report(a.Pos(), "project-rename new = old", "a new name is expected")
			continue
		}
		for _, c := range b.matching(r, n.X) {
			if takenBy(items)(n.Names[0].Text) {
				b.report(n.Span, "", "a column '%s' is there already", n.Names[0].Text)
			}
			i := slices.Index(r.cols, c)
			items[i].name = n.Names[0].Text
		}
	}
	return b.project(r, items)
}

// projectReorder puts columns first, those of a pattern sorted if it says so.
func (b *binder) projectReorder(r *relation, args []syntax.Expr) *relation {
	var front []*plan.Column
	for _, a := range args {
		o := a.(syntax.Ordered)
		group := b.matching(r, o.X)
		switch strings.TrimPrefix(o.Dir, "granny-") {
		case "asc":
			slices.SortFunc(group, func(x, y *plan.Column) int { return strings.Compare(x.Name, y.Name) })
		case "desc":
			slices.SortFunc(group, func(x, y *plan.Column) int { return strings.Compare(y.Name, x.Name) })
		}
		for _, c := range group {
			if !slices.Contains(front, c) {
				front = append(front, c)
			}
		}
	}
	out := *r
	out.cols = slices.Clone(front)
	for _, c := range r.cols {
		if !slices.Contains(front, c) {
			out.cols = append(out.cols, c)
		}
	}
	return &out
}

// getSchema lists the columns.
func (b *binder) getSchema(r *relation) *relation {
	rows := &plan.Rows{Ordinal: b.column("", value.LongType), Cols: []*plan.Column{
		b.column("ColumnName", value.StringType), b.column("ColumnOrdinal", value.IntType),
		b.column("DataType", value.StringType), b.column("ColumnType", value.StringType)}}
	for i, c := range r.cols {
		rows.Data = append(rows.Data, []any{c.Name, int64(i), c.Type.DotNet(), c.Type.String()})
	}
	return &relation{node: rows, cols: rows.Cols, order: []plan.Key{{Col: rows.Ordinal}}, ordinal: true, serialized: true}
}
