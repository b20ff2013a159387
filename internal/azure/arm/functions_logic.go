package arm

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

var logicFunctions = map[string]function{
	"equals": {2, 2, func(a *arguments) (*tree.Node, error) { return truth(same(a.nodes[0], a.nodes[1])), nil }},
	"not": {1, 1, func(a *arguments) (*tree.Node, error) {
		b, err := a.truth(0)
		return truth(!b), err
	}},
	"bool":  {1, 1, boolean},
	"true":  {0, 0, func(*arguments) (*tree.Node, error) { return truth(true), nil }},
	"false": {0, 0, func(*arguments) (*tree.Node, error) { return truth(false), nil }},
	"null":  {0, 0, func(*arguments) (*tree.Node, error) { return &tree.Node{}, nil }},
}

func boolean(a *arguments) (*tree.Node, error) {
	n := a.nodes[0]
	switch {
	case n.Kind == tree.Bool:
		return n, nil
	case n.Kind == tree.Number:
		return truth(n.Text != "0"), nil
	case strings.EqualFold(n.Text, "true"), strings.EqualFold(n.Text, "false"):
		return truth(strings.EqualFold(n.Text, "true")), nil
	}
	return nil, misusef("%q is no truth value", n.Text)
}

// same compares by content. Fields of objects may come in any order.
func same(a, b *tree.Node) bool {
	if a.Kind != b.Kind || a.Text != b.Text || a.Bool != b.Bool || len(a.Fields) != len(b.Fields) {
		return false
	}
	if a == b {
		return true
	}
	for _, f := range a.Fields {
		other := b.Get(f.Name)
		if other == nil || !same(f.Value, other) {
			return false
		}
	}
	return slices.EqualFunc(a.Items, b.Items, same)
}

// choiceFunctions look only at the arguments that count.
var choiceFunctions = map[string]unworked{
	"if": func(s *scope, e []expression, in *loop) (*tree.Node, error) {
		if len(e) != 3 {
			return nil, misusef("takes 3 arguments and not %d", len(e))
		}
		yes, err := s.truth(e[0], in)
		if err != nil {
			return nil, err
		}
		if yes {
			return s.value(e[1], in)
		}
		return s.value(e[2], in)
	},
	"and": func(s *scope, e []expression, in *loop) (*tree.Node, error) { return s.until(false, e, in) },
	"or":  func(s *scope, e []expression, in *loop) (*tree.Node, error) { return s.until(true, e, in) },
	"coalesce": func(s *scope, e []expression, in *loop) (*tree.Node, error) {
		for _, argument := range e {
			if n, err := s.value(argument, in); err != nil || n.Kind != tree.Null {
				return n, err
			}
		}
		return &tree.Node{}, nil
	},
	"tryget": func(s *scope, e []expression, in *loop) (*tree.Node, error) {
		if len(e) < 2 {
			return nil, misusef("takes 2 arguments or more and not %d", len(e))
		}
		n, err := s.value(e[0], in)
		for _, argument := range e[1:] {
			if err != nil {
				return nil, err
			}
			step, failed := s.value(argument, in)
			if failed != nil {
				return nil, failed
			}
			if n, err = take(n, step); err != nil {
				return &tree.Node{}, nil
			}
		}
		return n, err
	},
}

// until works truth values out until one is as wanted.
func (s *scope) until(wanted bool, e []expression, in *loop) (*tree.Node, error) {
	for _, argument := range e {
		if b, err := s.truth(argument, in); err != nil || b == wanted {
			return truth(b), err
		}
	}
	return truth(!wanted), nil
}

func (s *scope) truth(e expression, in *loop) (bool, error) {
	n, err := s.value(e, in)
	if err != nil {
		return false, err
	}
	if n.Kind != tree.Bool {
		return false, misusef("%s is not a truth value", n.Kind)
	}
	return n.Bool, nil
}
