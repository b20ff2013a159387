package sqlgen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// node writes a node as a SELECT.
func (g *gen) node(n plan.Node) string {
	switch n := n.(type) {
	case *plan.Scan:
		return g.scan(n)
	case *plan.Rows:
		return g.rows(n)
	case *plan.Series:
		return g.series(n)
	case *plan.Filter:
		in := g.node(n.In)
		return "SELECT * FROM (" + in + ") WHERE " + g.cond(n.Cond)
	case *plan.Project:
		return g.project(n)
	case *plan.Aggregate:
		return g.aggregate(n)
	case *plan.Limit:
		return g.limit(n)
	case *plan.Sample:
		in := g.node(n.In)
		return fmt.Sprintf("SELECT * FROM (%s) USING SAMPLE %d ROWS", in, n.N)
	case *plan.Join:
		return g.join(n)
	case *plan.Union:
		return g.union(n)
	case *plan.Unnest:
		return g.unnest(n)
	case *plan.Shared:
		return g.share(n)
	}
	fail("unknown node %T", n)
	return ""
}

func (g *gen) scan(n *plan.Scan) string {
	var cols []string
	for i, c := range n.Table.Columns {
		sql, form := g.d.Scan(c, g.d.Quote(c.Name))
		g.forms[n.Cols[i]], g.never[n.Cols[i]] = form, c.NotNull
		cols = append(cols, sql+" AS "+name(n.Cols[i]))
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM " + cmp.Or(g.opts.Relations[n], n.Table.Relation)
}

// rows writes constants as VALUES.
func (g *gen) rows(n *plan.Rows) string {
	cols := plan.Columns(n)
	if len(cols) == 0 {
		return "SELECT 1 AS one"
	}
	var names, types []string
	for _, c := range cols {
		names = append(names, name(c))
		types = append(types, "CAST(NULL AS "+g.d.Type(c.Type)+") AS "+name(c))
	}
	if len(n.Data) == 0 {
		return "SELECT " + strings.Join(types, ", ") + " WHERE false"
	}
	var rows []string
	for i, r := range n.Data {
		var vals []string
		for j, v := range r {
			vals = append(vals, g.literal(n.Cols[j].Type, v))
		}
		if n.Ordinal != nil {
			vals = append(vals, fmt.Sprintf("CAST(%d AS BIGINT)", i))
		}
		rows = append(rows, "("+strings.Join(vals, ", ")+")")
	}
	return "SELECT * FROM (VALUES " + strings.Join(rows, ", ") + ") AS " + g.alias("v") + "(" + strings.Join(names, ", ") + ")"
}

// series writes range x from a to b step c.
func (g *gen) series(n *plan.Series) string {
	count := seriesLength(n)
	var x string
	switch n.Col.Type {
	case value.RealType:
		x = g.literal(value.RealType, n.From) + " + i * " + g.literal(value.RealType, n.Step)
	default:
		from, step := ticksOf(n.From), ticksOf(n.Step)
		x = g.arg(from, "BIGINT") + " + i * " + g.arg(step, "BIGINT")
	}
	return fmt.Sprintf("SELECT %s AS %s FROM range(%s) AS %s(i)", x, name(n.Col), g.arg(count, "BIGINT"), g.alias("r"))
}

func ticksOf(v any) int64 {
	n, _ := value.Convert(v, value.LongType).(int64)
	return n
}

// seriesLength counts the values, at most Max; none where the step leads away
// from the end.
func seriesLength(n *plan.Series) int64 {
	if n.From == nil || n.To == nil || n.Step == nil {
		return 0
	}
	if n.Col.Type == value.RealType {
		from, _ := value.ToReal(n.From)
		to, _ := value.ToReal(n.To)
		step, _ := value.ToReal(n.Step)
		if count := (to-from)/step + 1; count > 0 {
			return min(int64(count+1e-9), n.Max)
		}
		return 0
	}
	from, to, step := ticksOf(n.From), ticksOf(n.To), ticksOf(n.Step)
	if step == 0 || (to < from) != (step < 0) && to != from {
		return 0
	}
	return min((to-from)/step+1, n.Max)
}

func (g *gen) project(n *plan.Project) string {
	in := g.node(n.In)
	var cols []string
	for _, it := range n.Items {
		v := g.value(it.X)
		cols = append(cols, v.sql+" AS "+name(it.Col))
		g.forms[it.Col], g.never[it.Col], g.sizes[it.Col] = v.form, g.neverNull(it.X), g.pieces(it.X)
	}
	if len(cols) == 0 {
		cols = []string{"1 AS one"}
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM (" + in + ")"
}

func (g *gen) aggregate(n *plan.Aggregate) string {
	in := g.node(n.In)
	var cols, groups []string
	for i, k := range n.Keys {
		v := g.value(k.X)
		if v.form == NullString {
			v = operand{sql: g.canonical(v, value.StringType)}
		}
		cols = append(cols, v.sql+" AS "+name(k.Col))
		g.forms[k.Col], g.never[k.Col], g.sizes[k.Col] = v.form, g.neverNull(k.X), g.pieces(k.X)
		groups = append(groups, fmt.Sprint(i+1))
	}
	for _, a := range n.Aggs {
		v := g.value(a.X)
		cols = append(cols, v.sql+" AS "+name(a.Col))
		g.forms[a.Col], g.sizes[a.Col] = v.form, g.pieces(a.X)
	}
	out := "SELECT " + strings.Join(cols, ", ") + " FROM (" + in + ")"
	switch {
	case len(groups) > 0:
		out += " GROUP BY " + strings.Join(groups, ", ")
	case len(n.Aggs) == 0:
		out = "SELECT 1 AS one FROM (" + in + ") LIMIT 1"
	}
	return out
}

// limit keeps the first rows. Of each partition, they are numbered first; one
// row of each is what DISTINCT ON is for.
func (g *gen) limit(n *plan.Limit) string {
	in := g.node(n.In)
	if len(n.Partition) == 0 {
		return fmt.Sprintf("SELECT * FROM (%s)%s LIMIT %d", in, g.orderBy(n.Order), n.N)
	}
	part := g.columnList(n.Partition)
	if n.N == 1 {
		return fmt.Sprintf("SELECT DISTINCT ON (%s) * FROM (%s)%s", part, in, g.orderBy(n.Order))
	}
	return fmt.Sprintf("SELECT * FROM (%s) QUALIFY row_number() OVER (PARTITION BY %s%s) <= %d", in, part, g.orderBy(n.Order), n.N)
}

// columnList writes columns in canonical form, as keys that are compared.
func (g *gen) columnList(cols []*plan.Column) string {
	var out []string
	for _, c := range cols {
		if g.forms[c] == NullString {
			out = append(out, g.canonicalColumn(c))
		} else {
			out = append(out, name(c))
		}
	}
	return strings.Join(out, ", ")
}

// share writes a node that is read more than once as a table of WITH.
func (g *gen) share(n *plan.Shared) string {
	if g.uses[n] < 2 && !n.Materialize {
		return g.node(n.In)
	}
	if g.shared[n] == "" {
		body := g.node(n.In)
		g.shared[n] = g.alias("s")
		g.ctes = append(g.ctes, g.shared[n]+" AS "+sharing(n)+"("+body+")")
	}
	return "SELECT * FROM " + g.shared[n]
}

// sharing says how a shared node is run. Tables are read anew at each place, so
// that the conditions there reach them. Rows of the query itself are left to
// the engine: DuckDB 1.5 loses the arguments of VALUES that it reads twice.
func sharing(n *plan.Shared) string {
	switch {
	case n.Materialize:
		return "MATERIALIZED "
	case hasRows(n.In):
		return ""
	}
	return "NOT MATERIALIZED "
}

func hasRows(n plan.Node) bool {
	if _, ok := n.(*plan.Rows); ok {
		return true
	}
	for _, x := range plan.Exprs(n) {
		found := false
		plan.Walk(x, func(e plan.Expr) {
			if in, ok := e.(*plan.InQuery); ok {
				found = found || hasRows(in.Sub)
			}
		})
		if found {
			return true
		}
	}
	return slices.ContainsFunc(n.Inputs(), hasRows)
}
