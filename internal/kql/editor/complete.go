package editor

import (
	"context"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/catalog"
)

// Kind is what an item is.
type Kind string

// The kinds.
const (
	Table     Kind = "table"
	Column    Kind = "column"
	Variable  Kind = "variable"
	Function  Kind = "function"
	Aggregate Kind = "aggregate"
	Plugin    Kind = "plugin"
	Operator  Kind = "operator" // on tables, or on values
	Word      Kind = "word"
	Statement Kind = "statement"
	Chart     Kind = "chart"
)

// Item is one thing that can stand at the cursor.
type Item struct {
	Label string `json:"label"`
	Kind  Kind   `json:"kind"`
	// Insert is what replaces the word at the cursor.
	Insert string `json:"insert"`
	// Detail is a column's type, a function's signature, an operator's syntax.
	Detail string `json:"detail,omitempty"`
	Doc    string `json:"doc,omitempty"`
}

// Completion is what can stand at a cursor. The text from Start, Length units
// long, is the word that an item replaces.
type Completion struct {
	Start  int    `json:"start"`
	Length int    `json:"length"`
	Items  []Item `json:"items"`
}

// Complete gives what can stand at a cursor: items that contain the word before
// it, whatever its case, those that begin with it first.
func Complete(ctx context.Context, text string, offset int, c catalog.Catalog) Completion {
	at := byteAt(text, offset)
	p := find(text, at)
	list := p.items(ctx, c)
	prefix := strings.ToLower(p.prefix)
	list = slices.DeleteFunc(list, func(i Item) bool { return !strings.Contains(strings.ToLower(i.Label), prefix) })
	slices.SortStableFunc(list, func(a, b Item) int { return rank(a, prefix) - rank(b, prefix) })
	if list == nil {
		list = []Item{}
	}
	return Completion{Start: units(text[:p.start]), Length: units(p.prefix), Items: list}
}

func rank(i Item, prefix string) int {
	if strings.HasPrefix(strings.ToLower(i.Label), prefix) {
		return 0
	}
	return 1
}

// items lists all that can stand at a place, what is nearest first.
func (p place) items(ctx context.Context, c catalog.Catalog) []Item {
	switch p.kind {
	case source:
		return slices.Concat(tables(c), variables(ctx, p.lets, c), heads(), tableFunctions(), p.letValues())
	case table:
		return slices.Concat(tables(c), variables(ctx, p.lets, c), tableFunctions(), operatorWords(p.op))
	case operator:
		return pipedOperators()
	case plugin:
		return plugins()
	case chart:
		return charts()
	case after:
		return slices.Concat(operatorWords(p.op), connectors())
	case operand:
		return p.operands(ctx, c)
	}
	return nil
}

// letValues are what let can name besides tables.
func (p place) letValues() []Item {
	if !p.inLet {
		return nil
	}
	return scalars()
}

// columnsOnly are the operators that take columns and nothing computed.
var columnsOnly = []string{"project-away", "project-keep", "project-reorder", "distinct"}

func (p place) operands(ctx context.Context, c catalog.Catalog) []Item {
	out := columnItems(ctx, p.lets+p.rows, c)
	if p.op == "join" || p.op == "lookup" {
		out = append(out, Item{Label: "$left", Kind: Word, Insert: "$left", Doc: "The rows before the operator."},
			Item{Label: "$right", Kind: Word, Insert: "$right", Doc: "The table in the parentheses."})
	}
	if p.first && p.word == "" {
		out = append(out, operatorWords(p.op)...)
	}
	if slices.Contains(columnsOnly, p.op) {
		return out
	}
	out = append(out, variables(ctx, p.lets, c)...)
	if p.aggregates() {
		out = append(out, aggregates()...)
	}
	return append(out, scalars()...)
}

// aggregates tells where aggregates can stand.
func (p place) aggregates() bool {
	switch p.op {
	case "summarize", "make-series":
		return p.word == "" || p.word == "default"
	case "top-nested":
		return p.word == "by"
	case "evaluate":
		return true
	}
	return false
}
