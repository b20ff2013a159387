package api

import (
	"encoding/json"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// parameters are the values for declare query_parameters. Clients send them as
// text: a literal of the language, such as datetime(2026-05-31) or "x", or plain
// text, which is converted to the declared type.
func parameters(given map[string]any) map[string]any {
	out := make(map[string]any, len(given))
	for name, v := range given {
		out[name] = literal(v)
	}
	return out
}

// literal is the value of a text that is a quoted string or a typed literal,
// such as long(5), and otherwise the text: a bare 007 may be meant for a string.
// It goes to the engine as a value: whatever the text holds, it is never run.
func literal(v any) any {
	switch x := v.(type) {
	case json.Number:
		return x.String()
	case map[string]any, []any:
		out, _ := value.ParseJSON(string(marshal(x))) // what was JSON is JSON
		return out
	}
	text, ok := v.(string)
	if !ok || !strings.HasSuffix(text, ")") && !strings.HasSuffix(text, `"`) && !strings.HasSuffix(text, "'") {
		return v
	}
	tree, ds := syntax.Parse("print " + text)
	if ds.Refused() || len(tree.Statements) != 1 {
		return v
	}
	if lit, ok := printed(tree.Statements[0]); ok {
		return lit.Value
	}
	return v
}

// printed is the only value of a print statement, if it is a literal.
func printed(s syntax.Statement) (syntax.Literal, bool) {
	query, _ := s.(syntax.QueryStatement)
	if pipe, ok := query.X.(syntax.Pipe); ok && len(pipe.Ops) == 0 {
		query.X = pipe.Source
	}
	p, _ := query.X.(syntax.Print)
	if len(p.Args) != 1 {
		return syntax.Literal{}, false
	}
	lit, ok := p.Args[0].(syntax.Literal)
	return lit, ok
}
