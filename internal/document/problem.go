package document

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Problem is one thing that is wrong with a file, in words for the person who
// wrote it.
type Problem struct {
	File string
	Line int // from 1; 0 where unknown
	// Field is the path of the value, as in "routeTables[0].routes[2].nextHopType".
	Field string
	// Value is what the file says there; empty where it says nothing.
	Value string
	// Message says what is wrong, in lower case and without a full stop.
	Message string
	// Hint says what to write instead; may be empty.
	Hint string
	// Warning marks what can be used as it is, but is surely not meant.
	Warning bool
}

// Error renders the problem on one line, and the hint on a second one.
func (p Problem) Error() string {
	var b strings.Builder
	switch {
	case p.File != "" && p.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", p.File, p.Line)
	case p.File != "":
		fmt.Fprintf(&b, "%s: ", p.File)
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Field != "" {
		fmt.Fprintf(&b, "%s: ", p.Field)
	}
	b.WriteString(p.Message)
	if p.Value != "" {
		fmt.Fprintf(&b, " (got %q)", p.Value)
	}
	if p.Hint != "" {
		fmt.Fprintf(&b, "\n  hint: %s", p.Hint)
	}
	return b.String()
}

// Problems is a list of problems; as an error it shows all of them.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems that are no warnings as an error, or nil.
func (ps Problems) Err() error {
	var errs Problems
	for _, p := range ps {
		if !p.Warning {
			errs = append(errs, p)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}

// Warnings returns the problems that are only warnings.
func (ps Problems) Warnings() Problems {
	var out Problems
	for _, p := range ps {
		if p.Warning {
			out = append(out, p)
		}
	}
	return out
}

const (
	aList  = `a list (lines that begin with "- ", or [a, b])`
	aGroup = "a group of fields (name: value)"
)

// wantedNode names a kind of YAML node, for people.
func wantedNode(t ast.NodeType) string {
	switch t {
	case ast.MappingType:
		return aGroup
	case ast.SequenceType:
		return aList
	}
	return "a " + t.YAMLName()
}

// wanted names what a Go type wants to be written, for people.
func wanted(t reflect.Type) string {
	switch t = element(t); t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		return fmt.Sprintf("a number from 0 to %d", uint64(1)<<(t.Bits()-1)-1+uint64(1)<<(t.Bits()-1))
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int, reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return aList
	case reflect.Struct, reflect.Map:
		return aGroup
	}
	return "a " + t.String()
}
