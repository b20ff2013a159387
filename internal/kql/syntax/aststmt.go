package syntax

import "github.com/sekisho/sekisho/internal/kql/value"

// Query is a whole text: statements, the last of which gives the result.
type Query struct {
	Text       string
	Statements []Statement
}

// Statement is one of Let, Set, Declare or QueryStatement.
type Statement interface{ Pos() Span }

// Let is let name = expression or function.
type Let struct {
	Span
	Name Name
	// Value is nil when Function is set.
	Value    Expr
	Function *Function
}

// Function is (parameters) { body }.
type Function struct {
	Span
	View   bool
	Params []FunctionParam
	Body   []Statement
}

// FunctionParam is name:type = default, or name:(schema) for a table.
type FunctionParam struct {
	Span
	Name    Name
	Type    value.Type
	Default Expr
	// Tabular is set for tables; AnySchema for (*).
	Tabular   bool
	AnySchema bool
	Schema    []ColumnDecl
}

// Set is set option = value. Options change limits, not results.
type Set struct {
	Span
	Name  Name
	Value Expr
}

// Declare is declare query_parameters(...).
type Declare struct {
	Span
	Params []Declared
}

// QueryStatement is an expression on its own.
type QueryStatement struct {
	Span
	X Expr
}

// Refused is a statement that the language has and this engine has not.
type Refused struct {
	Span
	Name string
}
