package syntax

import "github.com/sekisho/sekisho/internal/kql/value"

// ParseOp is parse and parse-where.
type ParseOp struct {
	Span
	Where   bool
	Params  Params
	X       Expr
	Pattern []ParsePart
}

// ParsePart is one part of a parse pattern: a text, a star or a column.
type ParsePart struct {
	Span
	// Text is set for a string constant, Column for a column; neither is *.
	Text   Expr
	Column *Name
	// Type is string where the pattern names none.
	Type  value.Type
	Typed bool
}

// ParseKV is parse-kv x as (columns) with (parameters).
type ParseKV struct {
	Span
	X       Expr
	Columns []ColumnDecl
	With    Params
}

// Expansion is one column of mv-expand and mv-apply.
type Expansion struct {
	Span
	// Names is empty where the expression gives the name.
	Name *Name
	X    Expr
	// Type is Unknown without "to typeof(...)".
	Type value.Type
}

// Expand is mv-expand, and mv-apply when Sub is set.
type Expand struct {
	Span
	Params Params
	Items  []Expansion
	Limit  Expr
	Sub    *Pipe
}

// SeriesAgg is one aggregate of make-series.
type SeriesAgg struct {
	Span
	X       Expr
	Default Expr
}

// MakeSeries is make-series.
type MakeSeries struct {
	Span
	Params         Params
	Aggs           []SeriesAgg
	On             Expr
	From, To, Step Expr
	// InRange is set by "in range(from, to, step)".
	InRange bool
	Keys    []Expr
}

// NestedLevel is one level of top-nested.
type NestedLevel struct {
	Span
	N, X   Expr
	Others Expr
	Agg    Expr
	Dir    string
}

// TopNested is top-nested.
type TopNested struct {
	Span
	Levels []NestedLevel
}

// TopHitters is top-hitters.
type TopHitters struct {
	Span
	N, X Expr
	// By is nil where rows are counted.
	By Expr
}

// ScanStep is one step of scan.
type ScanStep struct {
	Span
	Name     Name
	Optional bool
	// Output is "all", "last" or "none".
	Output string
	Cond   Expr
	Sets   []Expr
}

// ScanOp is scan.
type ScanOp struct {
	Span
	Params    Params
	Order     []Ordered
	Partition []Expr
	Declare   []Declared
	Steps     []ScanStep
}

// Declared is name:type = default.
type Declared struct {
	ColumnDecl
	Default Expr
}

// Partition is partition by column (subquery).
type Partition struct {
	Span
	Params Params
	By     Name
	Sub    *Pipe
}

// Evaluate is evaluate plugin(args).
type Evaluate struct {
	Span
	Params Params
	Call   Call
	Schema []ColumnDecl
}

// Search is search, at the head or behind a pipe.
type Search struct {
	Span
	Params Params
	Tables []Expr
	Cond   Expr
}

// Find is find.
type Find struct {
	Span
	Params  Params
	Tables  []Expr
	Cond    Expr
	Project []FindColumn
}

// FindColumn is name, name:type, or pack(*) for all columns in a bag.
type FindColumn struct {
	ColumnDecl
	Typed bool
	Pack  bool
}

// Render is render kind with (properties).
type Render struct {
	Span
	Kind  string
	Props Params
}

// As is as name.
type As struct {
	Span
	Params Params
	Name   Name
}

// Invoke is invoke f(args).
type Invoke struct {
	Span
	Call Call
}

// Unsupported is an operator that the language has and this engine has not.
type Unsupported struct {
	Span
	Name string
}
