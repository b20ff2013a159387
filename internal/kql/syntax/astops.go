package syntax

import "github.com/sekisho/sekisho/internal/kql/value"

// Op is a tabular operator behind a pipe, or at the head of a query.
type Op interface{ Pos() Span }

// Param is name=value between an operator's name and its operands, as in
// kind=inner. Value is a Name or a Literal.
type Param struct {
	Span
	Name  string
	Value Expr
}

// Params are an operator's parameters.
type Params []Param

// Get returns the parameter with that name.
func (ps Params) Get(name string) (Param, bool) {
	for _, p := range ps {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// Text returns the parameter's word or string, "" if it is not given.
func (ps Params) Text(name string) string {
	p, ok := ps.Get(name)
	if !ok {
		return ""
	}
	switch v := p.Value.(type) {
	case Name:
		return v.Text
	case Literal:
		return value.Text(v.Value)
	}
	return ""
}

// Simple is an operator whose operands are a list of expressions: where,
// extend, project and its kin, distinct, count, take, serialize, getschema...
type Simple struct {
	Span
	Name   string
	NameAt Span
	Params Params
	Args   []Expr
}

// Ordered is one key of sort, top or project-reorder.
type Ordered struct {
	Span
	X Expr
	// Dir is "asc", "desc" or "" where nothing is said; Nulls "first", "last" or "".
	Dir, Nulls string
}

// Sort is sort by or order by.
type Sort struct {
	Span
	Keys []Ordered
}

// Top is top n by keys.
type Top struct {
	Span
	N    Expr
	Keys []Ordered
}

// Summarize is summarize aggregates by keys. HasBy tells "by" without keys.
type Summarize struct {
	Span
	Aggs, Keys []Expr
}

// Join is join and lookup. On holds names and equalities of $left and $right.
type Join struct {
	Span
	Lookup bool
	Params Params
	Right  Expr
	On     []Expr
}

// Union is union, at the head or behind a pipe.
type Union struct {
	Span
	Params Params
	Tables []Expr
}

// ColumnDecl is name:type.
type ColumnDecl struct {
	Span
	Name Name
	Type value.Type
}

// Datatable is datatable(schema)[values].
type Datatable struct {
	Span
	Columns []ColumnDecl
	Values  []Expr
}

// ExternalData is externaldata(schema)[...] with (...).
type ExternalData struct{ Span }

// Range is range name from a to b step c.
type Range struct {
	Span
	Column          Name
	From, To, Step_ Expr
}

// Print is print a, b = 1.
type Print struct {
	Span
	Args []Expr
}
