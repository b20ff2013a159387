package sqlgen

import (
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Dialect is what one engine's SQL has of its own. A second one implements it;
// the conformance tests of package duck can be run against it.
type Dialect interface {
	// Quote writes a name of the catalog as an identifier. It is the only way
	// by which a name gets into the SQL.
	Quote(name string) string
	// Placeholder is the n-th argument, from 1.
	Placeholder(n int) string
	// Type is the type of the canonical form.
	Type(t value.Type) string
	// Scan reads a column of a table, quoted already, and tells its form.
	Scan(c catalog.Column, quoted string) (sql string, form Form)
	// FromNullString makes the empty string of NULL.
	FromNullString(sql string) string
	// FromTimestamp converts a timestamp to ticks.
	FromTimestamp(sql string, form Form) string
	// ToTimestamp makes a timestamp of an argument with microseconds since 1970.
	ToTimestamp(sql string, form Form) string
	// DecimalKey is what decimals are ordered by.
	DecimalKey(sql string) string
	// Call writes a function or operator whose SQL is more than a template, or
	// tells that it has none for these types. Arguments are canonical.
	Call(g *Writer, c Op) (sql string, ok bool)
	// Aggregate writes an aggregate.
	Aggregate(g *Writer, a Agg) (sql string, ok bool)
	// Window writes a window function over a window in parentheses.
	Window(w Win) (sql string, ok bool)
	// Elements writes the list of a dynamic value's elements.
	Elements(g *Writer, sql string, keyValues bool) string
}

// Op is a call to be written.
type Op struct {
	Name string
	Args []Operand
	Out  value.Type
}

// Operand is an argument that is written already.
type Operand struct {
	SQL  string
	Type value.Type
	// Const is set for constants, whose value is Value.
	Const bool
	Value any
	// Plain tells that SQL is short enough to be repeated.
	Plain bool
	// NeverNull tells that SQL is not NULL in any row, which not all that are so
	// are known to be.
	NeverNull bool
	// Pieces is of how many stored texts a text may be.
	Pieces int
}

// Agg is an aggregate to be written.
type Agg struct {
	Name string
	Args []Operand
	Out  value.Type
	// Filter is " FILTER (WHERE ...)" or "", Order is "ORDER BY ..." or "".
	Filter, Order string
}

// Win is a window function to be written. Over is what stands in the
// parentheses behind OVER.
type Win struct {
	Name string
	Args []Operand
	Over string
}

// Writer lets a dialect write parts of its own.
type Writer struct{ g *gen }

// Go writes a call of the function of the table, in Go.
func (w *Writer) Go(fn string, out value.Type, args ...Operand) string {
	return w.g.goCallByName(fn, out, args)
}

// Arg adds an argument.
func (w *Writer) Arg(v any, sqlType string) string { return w.g.arg(v, sqlType) }
