package bind

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// parse cuts a text after a pattern into columns. The pattern becomes a regular
// expression; one function call gives all groups, as an array.
func (b *binder) parse(r *relation, op syntax.ParseOp) *relation {
	x := b.cast(b.expr(op.X, over(r)), value.StringType)
	kind := op.Params.Text("kind")
	if kind != "" && kind != "simple" && kind != "regex" && kind != "relaxed" {
		p, _ := op.Params.Get("kind")
		b.report(p.Span, "simple, regex or relaxed", "'%s' is not a kind of parse", kind)
	}
	pattern, types := b.parsePattern(op, kind)
	strict := kind != "relaxed"
	parsed := b.apply(op.Span, funcs.Must("parse_pattern"), []plan.Expr{x,
		&plan.Lit{T: value.StringType, Value: pattern}, &plan.Lit{T: value.StringType, Value: types},
		&plan.Lit{T: value.BoolType, Value: strict}})
	col, r := b.hidden(r, parsed)
	if op.Where {
		r = b.filter(r, b.apply(op.Span, funcs.Must("isnotnull"), []plan.Expr{&plan.Ref{Col: col}}))
	}
	items := r.all()
	group := 0
	for _, part := range op.Pattern {
		if part.Column == nil {
			continue
		}
		items = b.set1(items, part.Column.Text, b.element(col, group, part.Type))
		group++
	}
	return b.project(r, items)
}

// element is an element of an array in a column, converted.
func (b *binder) element(col *plan.Column, i int, t value.Type) plan.Expr {
	x := b.apply(syntax.Span{}, funcs.Must("element"), []plan.Expr{&plan.Ref{Col: col}, &plan.Lit{T: value.LongType, Value: int64(i)}})
	return b.cast(x, t)
}

// set1 replaces the item of that name, or appends one.
func (b *binder) set1(items []item, name string, x plan.Expr) []item {
	if i := slices.IndexFunc(items, func(it item) bool { return it.name == name }); i >= 0 {
		items[i].x = x
		return items
	}
	return append(items, item{name: name, x: x})
}

// parsePattern writes the pattern as a regular expression with a named group
// for each column, and the columns' types with spaces between.
func (b *binder) parsePattern(op syntax.ParseOp, kind string) (pattern, types string) {
	regex := kind == "regex"
	var re strings.Builder
	var names []string
	re.WriteString("(?" + b.parseFlags(op, regex) + ")^")
	for i, part := range op.Pattern {
		last := i == len(op.Pattern)-1
		switch {
		case part.Text != nil:
			re.WriteString(b.parseText(part, regex))
		case part.Column != nil:
			starred := !last && op.Pattern[i+1].Text == nil
			re.WriteString("(?P<" + funcs.PatternGroup(len(names)) + ">" + groupFor(part.Type, last, starred, kind) + ")")
			if last {
				re.WriteString("$")
			}
			names = append(names, part.Type.String())
		case last || regex:
			re.WriteString(".*")
		default:
			re.WriteString(".*?")
		}
	}
	return re.String(), strings.Join(names, " ")
}

// parseText is a text of the pattern, which kind=regex takes as an expression.
func (b *binder) parseText(part syntax.ParsePart, regex bool) string {
	lit, ok := b.constant(part.Text, nil)
	if !ok {
		return ""
	}
	text := value.Text(lit.Value)
	if !regex {
		return quoteMeta(text)
	}
	if err := funcs.CheckRegex(text); err != nil {
		b.report(part.Span, "", "the regular expression is not valid: %v", err)
		return ""
	}
	return "(?:" + text + ")"
}

// parseFlags are the regular expression's flags. Without an expression, what
// lies between the texts may hold line breaks.
func (b *binder) parseFlags(op syntax.ParseOp, regex bool) string {
	flags := ""
	for _, f := range op.Params.Text("flags") {
		switch f {
		case 'i', 'm', 's', 'U':
			flags += string(f)
		}
	}
	if !regex && !strings.Contains(flags, "s") {
		flags += "s"
	}
	return flags
}

// groupFor is what a column matches. Numbers match digits where nothing else
// says where they end: in kind=regex, which is greedy, and before a *. With
// kind=relaxed there need not be any.
func groupFor(t value.Type, last, starred bool, kind string) string {
	regex, digits := kind == "regex", `[-+]?[\d.]+(?:[eE][-+]?\d+)?`
	if t.IsInteger() {
		digits = `-?\d+`
	}
	switch {
	case t.IsNumber() && starred && kind == "relaxed":
		return "(?:" + digits + ")?"
	case t.IsNumber() && (regex || starred):
		return digits
	case last || regex:
		return ".*"
	}
	return ".*?"
}

func quoteMeta(s string) string {
	return funcs.Must("regex_quote").Eval(&funcs.Call{Args: []any{s}, Types: []value.Type{value.StringType}}).(string)
}

// parseKV finds keys and their values in a text. quote and escape may be given
// several times.
func (b *binder) parseKV(r *relation, op syntax.ParseKV) *relation {
	x := b.cast(b.expr(op.X, over(r)), value.StringType)
	args := []plan.Expr{x}
	for _, name := range []string{"pair_delimiter", "kv_delimiter", "quote", "escape", "greedy", "regex"} {
		texts := value.Array{}
		for _, p := range op.With {
			if v, ok := b.constant(p.Value, nil); p.Name == name && ok {
				texts = append(texts, value.Text(v.Value))
			}
		}
		args = append(args, &plan.Lit{T: value.DynamicType, Value: texts})
	}
	keys := value.Array{}
	for _, c := range op.Columns {
		keys = append(keys, c.Name.Text)
	}
	args = append(args, &plan.Lit{T: value.DynamicType, Value: keys})
	col, r := b.hidden(r, b.apply(op.Span, funcs.Must("parse_kv_pairs"), args))
	items := r.all()
	for i, c := range op.Columns {
		items = b.set1(items, c.Name.Text, b.element(col, i, c.Type))
	}
	return b.project(r, items)
}
