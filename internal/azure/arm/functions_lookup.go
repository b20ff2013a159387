package arm

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// lookupFunctions look at where they stand: at the names of their template, at
// the copy loops around them, at what the template is deployed to.
var lookupFunctions = map[string]unworked{
	"parameters": byName((*scope).parameter),
	"variables":  byName((*scope).variable),
	"copyindex":  copyIndex,
	"reference": func(s *scope, e []expression, in *loop) (*tree.Node, error) {
		id, err := s.referenced(call{"reference", e}, in)
		if err != nil {
			return nil, err
		}
		return s.entries.reference(id, len(e) == 3)
	},
	"resourcegroup": func(s *scope, _ []expression, _ *loop) (*tree.Node, error) { return s.place.resourceGroupObject(), nil },
	"subscription":  func(s *scope, _ []expression, _ *loop) (*tree.Node, error) { return s.place.subscriptionObject(), nil },
}

func byName(look func(*scope, string) (*tree.Node, error)) unworked {
	return func(s *scope, e []expression, in *loop) (*tree.Node, error) {
		if len(e) != 1 {
			return nil, misusef("takes 1 argument and not %d", len(e))
		}
		name, err := s.value(e[0], in)
		if err != nil {
			return nil, err
		}
		return look(s, name.Text)
	}
}

// copyIndex is copyIndex([loop], [offset]): how often the loop has gone round,
// from 0. Without a name the innermost loop is meant.
func copyIndex(s *scope, e []expression, in *loop) (*tree.Node, error) {
	offset := 0
	for _, argument := range e {
		n, err := s.value(argument, in)
		if err != nil {
			return nil, err
		}
		if n.Kind != tree.String {
			if offset, err = (&arguments{nodes: []*tree.Node{n}}).integer(0); err != nil {
				return nil, err
			}
			continue
		}
		for in != nil && !strings.EqualFold(in.name, n.Text) {
			in = in.outer
		}
	}
	if in == nil {
		return nil, misusef("there is no such copy loop around it")
	}
	return integer(in.index + offset), nil
}

// isReference reports whether an expression is a call of reference.
func isReference(e expression) bool {
	c, ok := e.(call)
	return ok && strings.EqualFold(c.name, "reference")
}

// referenced is the id of the resource that a call of reference names, by its
// id or by its symbolic name.
func (s *scope) referenced(c call, in *loop) (resource.ID, error) {
	if len(c.arguments) < 1 || len(c.arguments) > 3 {
		return resource.ID{}, misusef("takes 1 to 3 arguments and not %d", len(c.arguments))
	}
	n, err := s.value(c.arguments[0], in)
	if err != nil {
		return resource.ID{}, err
	}
	if id, ok := s.entries.symbolic(s, n.Text); ok {
		return id, nil
	}
	id, ok := resource.ParseID(n.Text)
	if !ok {
		return id, fmt.Errorf("reference: %q is no resource", n.Text)
	}
	return id, nil
}
