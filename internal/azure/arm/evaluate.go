package arm

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

// evaluate works out a value of the template: its expressions, and the copy
// loops of its objects. What cannot be worked out becomes Unknown where it
// stands; the rest of the value is as good as ever.
func (s *scope) evaluate(n *tree.Node, in *loop) *tree.Node {
	if err := s.budget.step(); err != nil {
		return failed(n, err)
	}
	switch n.Kind {
	case tree.String:
		return s.text(n, in)
	case tree.Array:
		out := &tree.Node{Kind: tree.Array, Line: n.Line, Items: make([]*tree.Node, len(n.Items))}
		for i, item := range n.Items {
			out.Items[i] = s.evaluate(item, in)
		}
		return out
	case tree.Object:
		return s.object(n, in)
	}
	return n
}

// failed is an Unknown at the place of n.
func failed(n *tree.Node, err error) *tree.Node {
	return &tree.Node{Kind: tree.Unknown, Line: n.Line, Text: n.Text, Err: err}
}

// text works out a string, which may be an expression. The result stands at
// the line of the expression, not where the value came from.
func (s *scope) text(n *tree.Node, in *loop) *tree.Node {
	if strings.HasPrefix(n.Text, "[[") {
		return &tree.Node{Kind: tree.String, Line: n.Line, Text: n.Text[1:]}
	}
	if !isExpression(n.Text) {
		return n
	}
	e, err := parseExpression(n.Text[1 : len(n.Text)-1])
	if err != nil {
		return failed(n, fmt.Errorf("read the expression: %w", err))
	}
	value, err := s.value(e, in)
	if err != nil {
		return failed(n, err)
	}
	placed := *value
	placed.Line = n.Line
	return &placed
}

func (s *scope) object(n *tree.Node, in *loop) *tree.Node {
	out := &tree.Node{Kind: tree.Object, Line: n.Line}
	for _, f := range n.Fields {
		if strings.EqualFold(f.Name, "copy") && f.Value.Kind == tree.Array {
			out.Fields = append(out.Fields, s.loops(f.Value, in)...)
			continue
		}
		out.Fields = append(out.Fields, tree.Field{Name: f.Name, Value: s.evaluate(f.Value, in)})
	}
	return out
}

// value works out an expression; the error is that of the first part of it
// that has no value.
func (s *scope) value(e expression, in *loop) (*tree.Node, error) {
	if err := s.budget.step(); err != nil {
		return nil, err
	}
	var n *tree.Node
	var err error
	switch e := e.(type) {
	case literal:
		n = tree.Of(e.text)
	case number:
		n = &tree.Node{Kind: tree.Number, Text: e.digits}
	case call:
		n, err = s.call(e, in)
	case access:
		n, err = s.access(e, in)
	}
	if err == nil && n.Kind == tree.Unknown {
		err = n.Err
	}
	return n, err
}
