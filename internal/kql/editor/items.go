package editor

import (
	"context"
	"regexp"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`)

// quoted writes a name as a query can have it.
func quoted(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return "['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "']"
}

func tables(c catalog.Catalog) []Item {
	var out []Item
	for _, name := range c.Names() {
		item := Item{Label: name, Kind: Table, Insert: quoted(name)}
		if t, ok := c.Table(name); ok {
			item.Doc = t.Doc
		}
		out = append(out, item)
	}
	return out
}

// columnItems are the columns of a query. Those that come from a table as they
// are have its docs.
func columnItems(ctx context.Context, query string, c catalog.Catalog) []Item {
	var out []Item
	for _, col := range columns(ctx, query, c) {
		out = append(out, Item{Label: col.Name, Kind: Column, Insert: quoted(col.Name), Detail: col.Type.String(),
			Doc: columnDoc(query, col.Name, c)})
	}
	return out
}

// columnDoc is the doc of a column of one of the tables that the query names.
func columnDoc(query, column string, c catalog.Catalog) string {
	for _, l := range syntax.Lexemes(query) {
		if t, ok := c.Table(l.Text); ok && l.Kind == syntax.Word {
			for _, col := range t.Columns {
				if col.Name == column && col.Doc != "" {
					return col.Doc
				}
			}
		}
	}
	return ""
}

// variables are what let statements name.
func variables(ctx context.Context, lets string, c catalog.Catalog) []Item {
	tree, _, _ := bound(ctx, lets, c)
	var out []Item
	for _, s := range tree.Statements {
		l, ok := s.(syntax.Let)
		if !ok {
			continue
		}
		item := Item{Label: l.Name.Text, Kind: Variable, Insert: quoted(l.Name.Text)}
		if l.Function != nil {
			item.Kind, item.Insert, item.Detail = Function, quoted(l.Name.Text)+"(", l.Name.Text+"(...)"
		}
		out = append(out, item)
	}
	return out
}

func tabulars(place funcs.Place, kind Kind) []Item {
	var out []Item
	for _, t := range funcs.Tabulars {
		if t.Place&place != 0 && !t.Hidden {
			out = append(out, Item{Label: t.Name, Kind: kind, Insert: t.Name, Detail: t.Syntax, Doc: t.Doc})
		}
	}
	return out
}

func heads() []Item {
	return append(tabulars(funcs.Statement, Statement), tabulars(funcs.Head, Operator)...)
}

func pipedOperators() []Item { return tabulars(funcs.Piped, Operator) }

// operatorWords are the words that belong to an operator.
func operatorWords(op string) []Item {
	var out []Item
	t, ok := funcs.LookupTabular(op)
	for _, w := range t.Words {
		out = append(out, Item{Label: w, Kind: Word, Insert: w, Detail: t.Syntax})
	}
	if !ok {
		return nil
	}
	return out
}

// ofTable lists functions of some classes.
func ofTable(kind Kind, classes ...funcs.Class) []Item {
	var out []Item
	for _, f := range funcs.All() {
		for _, c := range classes {
			if f.Class != c {
				continue
			}
			insert := f.Name + "("
			if len(f.Params()) == 0 {
				insert += ")"
			}
			out = append(out, Item{Label: f.Name, Kind: kind, Insert: insert, Detail: f.Signature(), Doc: f.Doc})
		}
	}
	return out
}

func scalars() []Item {
	out := ofTable(Function, funcs.Scalar, funcs.Window)
	not := funcs.Must("not")
	return append(out, Item{Label: "not", Kind: Function, Insert: "not(", Detail: not.Signature(), Doc: not.Doc})
}

func aggregates() []Item     { return ofTable(Aggregate, funcs.Aggregate) }
func plugins() []Item        { return ofTable(Plugin, funcs.Plugin) }
func tableFunctions() []Item { return ofTable(Function, funcs.TableFunction) }

// connectors are the operators between two values, each with its negation.
func connectors() []Item {
	var out []Item
	add := func(label, detail, doc string) {
		out = append(out, Item{Label: label, Kind: Operator, Insert: label, Detail: detail, Doc: doc})
	}
	for _, f := range funcs.All() {
		if f.Class != funcs.Operator || f.Name == "not" {
			continue
		}
		add(f.Name, f.Signature(), f.Doc)
		if negation := funcs.Negation(f.Name); negation != "" {
			add(negation, strings.Replace(f.Signature(), f.Name, negation, 1), "The contrary of "+f.Name+".")
		}
	}
	add("between", "x between (a .. b)", "Tells whether the left is between two values, which count in.")
	add("!between", "x !between (a .. b)", "The contrary of between.")
	return out
}

func charts() []Item {
	var out []Item
	for _, name := range funcs.Charts {
		out = append(out, Item{Label: name, Kind: Chart, Insert: name})
	}
	return out
}
