package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Span is a range of bytes of the query's text.
type Span struct{ Start, End int }

// Severity tells errors, which refuse a query, from warnings.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Code is the kind of a mistake.
type Code string

// The codes.
const (
	// CodeSyntax: the text is no query.
	CodeSyntax Code = "syntax"
	// CodeSemantics: a name, type or number of arguments is wrong.
	CodeSemantics Code = "semantics"
	// CodeUnsupported: Kusto has it, this engine has not.
	CodeUnsupported Code = "unsupported"
)

// Diagnostic is one thing that is wrong with a query.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	Code     Code     `json:"code"`
	// Message says what is wrong; Hint, if any, what to do about it.
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Span    Span   `json:"-"`
	// Line and Column count from 1, columns in characters.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Length is how many characters of the text are meant.
	Length int `json:"length"`
}

// Error writes line:column: message (hint).
func (d Diagnostic) Error() string {
	s := fmt.Sprintf("%d:%d: %s", d.Line, d.Column, d.Message)
	if d.Hint != "" {
		s += " (" + d.Hint + ")"
	}
	return s
}

// Diagnostics is all that is wrong with a query, in the order of its text.
type Diagnostics []Diagnostic

// Error writes one diagnostic a line.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Refused tells whether one of them is an error.
func (ds Diagnostics) Refused() bool {
	for _, d := range ds {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Err returns the diagnostics as an error if one of them is, and nil otherwise.
func (ds Diagnostics) Err() error {
	if ds.Refused() {
		return ds
	}
	return nil
}

// Complete fills line, column and length from the span, and the code where
// nothing gave it another.
func (d *Diagnostic) Complete(text string, code Code) {
	if d.Code == "" {
		d.Code = code
	}
	start := min(max(d.Span.Start, 0), len(text))
	end := min(max(d.Span.End, start), len(text))
	before := text[:start]
	line := strings.LastIndexByte(before, '\n') + 1
	d.Line = strings.Count(before, "\n") + 1
	d.Column = utf8.RuneCountInString(before[line:]) + 1
	d.Length = utf8.RuneCountInString(text[start:end])
}
