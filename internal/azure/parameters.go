package azure

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
	"github.com/sekisho/sekisho/internal/document"
)

// unusedParameters tells of values that no template asks for: a name was
// mistyped, or a file forgotten.
func (r *reader) unusedParameters() {
	var known []string
	for name := range r.parameters {
		known = append(known, name)
	}
	slices.Sort(known)
	var unused []string
	for name := range r.options.Parameters {
		if !r.parameters[strings.ToLower(name)] {
			unused = append(unused, name)
		}
	}
	slices.Sort(unused)
	for _, name := range unused {
		hint := "no template has parameters"
		if s := document.Suggest(name, known); s != "" {
			hint = fmt.Sprintf("did you mean %q?", s)
		} else if len(known) > 0 {
			hint = "known here: " + strings.Join(known, ", ")
		}
		r.problems = append(r.problems, document.Problem{Field: "--parameter", Value: name, Message: "no template has such a parameter", Hint: hint})
	}
}

// ParameterFile reads a parameters file of a deployment: {"parameters":
// {"name": {"value": …}}}, or the inner object alone.
func ParameterFile(f File) (map[string]*tree.Node, error) {
	n, err := tree.Parse(f.Data)
	if err != nil {
		var syntax *tree.SyntaxError
		errors.As(err, &syntax)
		return nil, document.Problems{{File: f.Name, Line: syntax.Line, Message: "not JSON: " + syntax.Text}}
	}
	if inner := n.Get("parameters"); inner != nil {
		n = inner
	}
	if n.Kind != tree.Object {
		return nil, document.Problems{{File: f.Name, Line: n.Line, Message: "not a parameters file",
			Hint: `write {"parameters": {"name": {"value": "…"}}}`}}
	}
	values := map[string]*tree.Node{}
	for _, field := range n.Fields {
		value := field.Value.Get("value")
		if value == nil {
			return nil, document.Problems{{File: f.Name, Line: field.Value.Line, Field: field.Name, Message: "the parameter has no value",
				Hint: `write {"value": "…"}; secrets of a key vault are not read`}}
		}
		values[field.Name] = value
	}
	return values, nil
}
