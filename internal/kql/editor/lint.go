package editor

import (
	"context"
	"slices"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// Marker is one thing that is wrong with a query, as an editor underlines it.
type Marker struct {
	Severity syntax.Severity `json:"severity"`
	// Code tells what only this engine refuses ("unsupported") from what no
	// Kusto takes ("syntax", "semantics").
	Code    syntax.Code `json:"code"`
	Message string      `json:"message"`
	Hint    string      `json:"hint,omitempty"`
	// Start and Length are where in the text.
	Start  int `json:"start"`
	Length int `json:"length"`
	// Line and Column are where it begins, EndLine and EndColumn what comes
	// behind it.
	Line      int `json:"line"`
	Column    int `json:"column"`
	EndLine   int `json:"endLine"`
	EndColumn int `json:"endColumn"`
}

// Lint says what the engine holds against a query, in the order of the text.
// The result is never nil.
func Lint(ctx context.Context, text string, c catalog.Catalog) []Marker {
	out := []Marker{}
	_, _, ds := bound(ctx, text, c)
	slices.SortStableFunc(ds, func(a, b syntax.Diagnostic) int { return a.Span.Start - b.Span.Start })
	for _, d := range ds {
		start := min(max(d.Span.Start, 0), len(text))
		end := min(max(d.Span.End, start), len(text))
		m := Marker{Severity: d.Severity, Code: d.Code, Message: d.Message, Hint: d.Hint,
			Start: units(text[:start]), Length: units(text[start:end])}
		m.Line, m.Column = lineColumn(text, start)
		m.EndLine, m.EndColumn = lineColumn(text, end)
		out = append(out, m)
	}
	return out
}

// Refused tells whether one of the markers is an error.
func Refused(markers []Marker) bool {
	return slices.ContainsFunc(markers, func(m Marker) bool { return m.Severity == syntax.Error })
}
