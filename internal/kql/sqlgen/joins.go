package sqlgen

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

var joinWords = map[plan.JoinKind]string{plan.Inner: "JOIN", plan.LeftOuter: "LEFT JOIN", plan.RightOuter: "RIGHT JOIN",
	plan.FullOuter: "FULL JOIN", plan.LeftSemi: "SEMI JOIN", plan.LeftAnti: "ANTI JOIN"}

// join writes a join on equality in which nulls equal each other.
func (g *gen) join(n *plan.Join) string {
	left, right := g.node(n.Left), g.node(n.Right)
	var on []string
	for _, p := range n.On {
		on = append(on, g.sameKey(p))
	}
	if len(on) == 0 {
		on = []string{"true"}
	}
	if n.Kind == plan.RightOuter || n.Kind == plan.FullOuter {
		g.mayBeNull(n.Left)
	}
	if n.Kind == plan.LeftOuter || n.Kind == plan.FullOuter {
		g.mayBeNull(n.Right)
	}
	return fmt.Sprintf("SELECT * FROM (%s) AS %s %s (%s) AS %s ON %s", left, g.alias("l"), joinWords[n.Kind],
		right, g.alias("r"), strings.Join(on, " AND "))
}

// sameKey compares two keys. Where one of them is never null, as strings are, no
// two nulls meet.
func (g *gen) sameKey(p plan.Pair) string {
	l, r := g.value(p.Left), g.value(p.Right)
	if l.form != r.form || l.form == NullString {
		l.sql, r.sql = g.canonical(l, p.Left.Type()), g.canonical(r, p.Right.Type())
	}
	if g.neverNull(p.Left) || g.neverNull(p.Right) {
		return l.sql + " = " + r.sql
	}
	return l.sql + " IS NOT DISTINCT FROM " + r.sql
}

// mayBeNull notes that columns of an outer side can be NULL, strings too.
func (g *gen) mayBeNull(n plan.Node) {
	for _, c := range plan.Columns(n) {
		g.never[c] = false
		if c.Type == value.StringType {
			g.forms[c] = NullString
		}
	}
}

// union writes branches with UNION ALL.
func (g *gen) union(n *plan.Union) string {
	branches := make([][]operand, len(n.Branches))
	inputs := make([]string, len(n.Branches))
	for i, b := range n.Branches {
		inputs[i] = g.node(b.In)
		for _, x := range b.Items {
			branches[i] = append(branches[i], g.value(x))
		}
	}
	for c, col := range n.Cols {
		form := g.commonForm(n, branches, c)
		g.forms[col], g.never[col] = form, true
		for i, b := range n.Branches {
			branches[i][c].sql = g.inForm(branches[i][c], b.Items[c], form)
			g.never[col] = g.never[col] && g.neverNull(b.Items[c])
			g.sizes[col] = max(g.sizes[col], g.pieces(b.Items[c]))
		}
	}
	var out []string
	for i, items := range branches {
		var cols []string
		for c, it := range items {
			cols = append(cols, it.sql+" AS "+name(n.Cols[c]))
		}
		if len(cols) == 0 {
			cols = []string{"1 AS one"}
		}
		out = append(out, "SELECT "+strings.Join(cols, ", ")+" FROM ("+inputs[i]+")")
	}
	return strings.Join(out, " UNION ALL ")
}

// commonForm is the form that all branches share for a column; nulls fit any.
func (g *gen) commonForm(n *plan.Union, branches [][]operand, c int) Form {
	form, found := Canonical, false
	for i, b := range n.Branches {
		if isNull(b.Items[c]) {
			continue
		}
		if found && branches[i][c].form != form {
			return Canonical
		}
		form, found = branches[i][c].form, true
	}
	return form
}

func isNull(x plan.Expr) bool {
	lit, ok := x.(*plan.Lit)
	return ok && lit.Value == nil
}

// inForm writes a branch's column in the union's form.
func (g *gen) inForm(v operand, x plan.Expr, form Form) string {
	switch {
	case v.form == form:
		return v.sql
	case isNull(x):
		return "NULL"
	}
	return g.canonical(v, x.Type())
}

// unnest writes a row for each element; lists of different lengths are filled
// with NULL.
func (g *gen) unnest(n *plan.Unnest) string {
	in := g.node(n.In)
	w := &Writer{g}
	var inner, outer, lengths []string
	for _, c := range n.Keep {
		outer = append(outer, name(c))
	}
	lists := make([]string, len(n.Items))
	for i, it := range n.Items {
		lists[i] = "l" + name(it.Col)
		inner = append(inner, g.d.Elements(w, g.text(it.X), n.KeyValues)+" AS "+lists[i])
		outer = append(outer, "unnest("+lists[i]+") AS "+name(it.Col))
		lengths = append(lengths, "len("+lists[i]+")")
	}
	if n.Index != nil {
		outer = append(outer, "unnest(range(greatest("+strings.Join(lengths, ", ")+"))) AS "+name(n.Index))
	}
	return "SELECT " + strings.Join(outer, ", ") + " FROM (SELECT *, " + strings.Join(inner, ", ") + " FROM (" + in + "))"
}
