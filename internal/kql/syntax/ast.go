package syntax

import "github.com/sekisho/sekisho/internal/kql/value"

// Expr is a scalar or tabular expression. Which it is, the binder finds out:
// a name may be a column or a table.
type Expr interface{ Pos() Span }

// Name is the name of a column, a table, a variable or a function.
type Name struct {
	Span
	Text string
	// Quoted is set for ['name'], which is never a keyword and has no wildcard.
	Quoted bool
}

// Literal is a constant.
type Literal struct {
	Span
	Type value.Type
	// Value is nil for null.
	Value any
}

// TypeLiteral is typeof(long).
type TypeLiteral struct {
	Span
	Type value.Type
}

// Star is * in the place of all columns.
type Star struct{ Span }

// Unary is -x or +x.
type Unary struct {
	Span
	Op string
	X  Expr
}

// Binary is x op y, for arithmetic, comparison, and, or and the string
// operators. Op is spelled as written, except <> which is !=.
type Binary struct {
	Span
	Op   string
	OpAt Span
	X, Y Expr
}

// In is x in (a, b): in, in~, has_any, has_all and their negations.
type In struct {
	Span
	Op   string
	X    Expr
	List []Expr
}

// Between is x between (a .. b) or its negation.
type Between struct {
	Span
	X, Low, High Expr
	Not          bool
}

// Call is f(a, b).
type Call struct {
	Span
	Fn   Name
	Args []Expr
}

// Path is x.name.
type Path struct {
	Span
	X    Expr
	Name Name
}

// Index is x[i].
type Index struct {
	Span
	X, I Expr
}

// Paren is (x).
type Paren struct {
	Span
	X Expr
}

// Named is name = x or (a, b) = x.
type Named struct {
	Span
	Names []Name
	X     Expr
}

// Pipe is a source and the operators that its rows go through.
type Pipe struct {
	Span
	Source Expr
	Ops    []Op
}

// Pos returns where the node stands.
func (s Span) Pos() Span { return s }
