package bind

import (
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// union puts the rows of tables one after the other.
func (b *binder) union(first *relation, op syntax.Union) *relation {
	var tables []*relation
	if first != nil {
		tables = append(tables, first)
	}
	fuzzy := op.Params.Text("isfuzzy") == "true" || op.Params.Text("isfuzzy") == "True"
	for _, x := range op.Tables {
		tables = append(tables, b.unionTables(x, fuzzy)...)
	}
	if len(tables) == 0 {
		if !b.failed() {
			b.report(op.Span, "", "none of the tables of this union exists")
		}
		return nil
	}
	source := op.Params.Text("withsource")
	if source == "" {
		source = op.Params.Text("with_source")
	}
	return b.concatenate(tables, op.Params.Text("kind") == "inner", source, "union_arg")
}

// unionTables binds one operand, which may be a pattern for several tables.
func (b *binder) unionTables(x syntax.Expr, fuzzy bool) []*relation {
	if n, ok := x.(syntax.Name); ok && !n.Quoted && strings.Contains(n.Text, "*") {
		return b.tablesLike(n)
	}
	before := len(b.diags)
	r := b.table(x)
	if r != nil {
		return []*relation{r}
	}
	if fuzzy {
		b.diags = b.diags[:before]
	}
	return nil
}

// tablesLike gives the tables and views whose names a pattern fits.
func (b *binder) tablesLike(n syntax.Name) []*relation {
	var out []*relation
	for _, name := range catalog.Match(b.opts.Catalog, n.Text) {
		t, _ := b.opts.Catalog.Table(name)
		out = append(out, b.scan(t))
	}
	views := b.scope.names(func(v *variable) bool { return v.function != nil && v.function.View })
	slices.Sort(views)
	for _, name := range views {
		if catalog.Wildcard(n.Text, name) {
			if r := b.tableName(syntax.Name{Span: n.Span, Text: name}); r != nil {
				out = append(out, r)
			}
		}
	}
	if out == nil {
		b.report(n.Span, "", "there is no table, or none is called like '%s'", n.Text)
	}
	return out
}

// unionColumn is a column of a union with what each table gives for it.
type unionColumn struct {
	col  *plan.Column
	from []*plan.Column
}

// concatenate makes the union. Columns of the same name and type are one;
// where types differ, each has its own with the type in its name.
func (b *binder) concatenate(tables []*relation, inner bool, source, prefix string) *relation {
	cols := b.unionColumns(tables)
	if inner {
		cols = slices.DeleteFunc(cols, func(c unionColumn) bool { return slices.Contains(c.from, nil) })
	}
	u := &plan.Union{}
	if source != "" {
		taken := func(name string) bool {
			return slices.ContainsFunc(cols, func(c unionColumn) bool { return c.col.Name == name })
		}
		u.Cols = append(u.Cols, b.column(unique(source, taken), value.StringType))
	}
	for _, c := range cols {
		u.Cols = append(u.Cols, c.col)
	}
	for i, t := range tables {
		branch := plan.Branch{In: t.node}
		if source != "" {
			name := t.name
			if name == "" {
				name = prefix + strconv.Itoa(i)
			}
			branch.Items = append(branch.Items, &plan.Lit{T: value.StringType, Value: name})
		}
		for _, c := range cols {
			branch.Items = append(branch.Items, unionItem(c, i))
		}
		u.Branches = append(u.Branches, branch)
	}
	return &relation{node: u, cols: u.Cols}
}

func unionItem(c unionColumn, table int) plan.Expr {
	if from := c.from[table]; from != nil {
		return &plan.Ref{Col: from}
	}
	lit := &plan.Lit{T: c.col.Type}
	if lit.T == value.StringType {
		lit.Value = ""
	}
	return lit
}

func (b *binder) unionColumns(tables []*relation) []unionColumn {
	types := map[string][]value.Type{}
	for _, t := range tables {
		for _, c := range t.cols {
			if !slices.Contains(types[c.Name], c.Type) {
				types[c.Name] = append(types[c.Name], c.Type)
			}
		}
	}
	var out []unionColumn
	for i, t := range tables {
		for _, c := range t.cols {
			name := c.Name
			if len(types[name]) > 1 {
				name += "_" + c.Type.String()
			}
			at := slices.IndexFunc(out, func(u unionColumn) bool { return u.col.Name == name })
			if at < 0 {
				at = len(out)
				out = append(out, unionColumn{b.column(name, c.Type), make([]*plan.Column, len(tables))})
			}
			out[at].from[i] = c
		}
	}
	return out
}
