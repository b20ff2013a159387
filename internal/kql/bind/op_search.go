package bind

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// search finds words in all columns of tables.
func (b *binder) search(first *relation, op syntax.Search) *relation {
	var tables []*relation
	switch {
	case first != nil:
		tables = append(tables, first)
	case len(op.Tables) > 0:
		for _, x := range op.Tables {
			tables = append(tables, b.unionTables(x, false)...)
		}
	default:
		tables = b.tablesLike(syntax.Name{Span: op.Span, Text: "*"})
	}
	if len(tables) == 0 {
		if !b.failed() {
			b.report(op.Span, "", "there is no table to search")
		}
		return nil
	}
	s := searcher{b: b, cs: op.Params.Text("kind") == "case_sensitive"}
	for i, t := range tables {
		cond := s.condition(op.Cond, over(t))
		filtered := b.filter(t, cond)
		filtered.name = t.name
		tables[i] = filtered
	}
	if first != nil {
		return b.withTable(tables[0])
	}
	return b.concatenate(tables, false, "$table", "search_arg")
}

// withTable puts the column $table in front.
func (b *binder) withTable(r *relation) *relation {
	name := r.name
	if name == "" {
		name = "search_arg0"
	}
	items := []item{{name: "$table", x: &plan.Lit{T: value.StringType, Value: name}}}
	for _, it := range r.all() {
		if it.name != "$table" {
			items = append(items, it)
		}
	}
	return b.project(r, items)
}

// searcher binds search conditions, in which a string alone is looked for in
// all columns.
type searcher struct {
	b  *binder
	cs bool
}

func (s searcher) condition(x syntax.Expr, e *env) plan.Expr {
	switch x := x.(type) {
	case syntax.Paren:
		return s.condition(x.X, e)
	case syntax.Literal:
		if x.Type == value.StringType {
			return s.anywhere(x, e)
		}
	case syntax.Binary:
		switch {
		case x.Op == "and" || x.Op == "or":
			return s.b.apply(x.OpAt, funcs.Must(x.Op), []plan.Expr{s.condition(x.X, e), s.condition(x.Y, e)})
		case x.Op == "has" && isPattern(x.Y):
			return s.column(x, e)
		}
	case syntax.Call:
		if x.Fn.Text == "not" && len(x.Args) == 1 {
			return s.b.not(s.condition(x.Args[0], e))
		}
	}
	return s.b.condition(x, e)
}

func isPattern(x syntax.Expr) bool {
	lit, ok := x.(syntax.Literal)
	if !ok {
		return false
	}
	text, _ := lit.Value.(string)
	return strings.Contains(text, "*")
}

// anywhere looks for a word, or a pattern with *, in all columns.
func (s searcher) anywhere(x syntax.Literal, e *env) plan.Expr {
	text := value.Text(x.Value)
	if text == "*" {
		return &plan.Lit{T: value.BoolType, Value: true}
	}
	op, part := s.operator(text)
	lit := x
	lit.Value = part
	return s.b.anyColumn(syntax.Binary{Span: x.Span, Op: op, OpAt: x.Span, X: syntax.Star{Span: x.Span}, Y: lit}, e)
}

// column looks for a pattern in one column.
func (s searcher) column(x syntax.Binary, e *env) plan.Expr {
	lit := x.Y.(syntax.Literal)
	op, part := s.operator(value.Text(lit.Value))
	lit.Value = part
	x.Op, x.Y = op, lit
	return s.b.binary(x, e)
}

// operator gives the string operator for a pattern: "word", "begin*", "*end",
// "*within*", "a*b".
func (s searcher) operator(text string) (op, part string) {
	inner := strings.Trim(text, "*")
	starts, ends := strings.HasPrefix(text, "*"), strings.HasSuffix(text, "*")
	switch {
	case strings.Contains(inner, "*"):
		re := strings.ReplaceAll(quoteMeta(text), `\*`, `.*`)
		if !s.cs {
			re = "(?i)" + re
		}
		return "matches regex", re
	case starts && ends:
		op = "contains"
	case starts:
		op = "hassuffix"
	case ends:
		op = "hasprefix"
	default:
		op = "has"
	}
	if s.cs {
		op += "_cs"
	}
	return op, inner
}
