package arm

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// entry is one resource of a template, one for each turn of its copy loop.
type entry struct {
	scope *scope
	in    *loop
	node  *tree.Node // as the template has it
	id    resource.ID
	// symbol is its name among the resources of a template that names them.
	symbol string
	inner  *scope // of a nested deployment; nil of all others

	body  *tree.Node // worked out
	begun bool
}

// entries are all resources of a file.
type entries struct{ list []*entry }

// work returns the resource with its expressions worked out. Parts that are
// resources of their own are left out of it.
func (e *entry) work() *tree.Node {
	switch {
	case e.body != nil:
		return e.body
	case e.begun:
		return failed(e.node, fmt.Errorf("%s leads back to itself", e.id.Title()))
	}
	e.begun = true
	own := &tree.Node{Kind: tree.Object, Line: e.node.Line}
	for _, f := range e.node.Fields {
		if !strings.EqualFold(f.Name, "resources") && !strings.EqualFold(f.Name, "copy") {
			own.Fields = append(own.Fields, f)
		}
	}
	e.body = e.scope.evaluate(own, e.in)
	return e.body
}

// find returns the first resource that may have the id.
func (s *entries) find(id resource.ID) *entry {
	for _, e := range s.list {
		if e.id.Matches(id) {
			return e
		}
	}
	return nil
}

// symbolic finds a resource by its symbolic name.
func (s *entries) symbolic(in *scope, name string) (resource.ID, bool) {
	for _, e := range s.list {
		if e.symbol != "" && e.scope == in && strings.EqualFold(e.symbol, name) {
			return e.id, true
		}
	}
	return resource.ID{}, false
}

// reference returns the properties of a resource as far as its template has
// them, or all of the resource.
func (s *entries) reference(id resource.ID, full bool) (*tree.Node, error) {
	e := s.find(id)
	switch {
	case e == nil:
		return nil, &AfterDeployment{ID: id}
	case e.inner != nil:
		return e.outputs(), nil
	}
	body := e.work()
	if full || body.Kind == tree.Unknown {
		return body, body.Err
	}
	if p := body.Get("properties"); p != nil {
		return p, p.Err
	}
	return nil, &AfterDeployment{ID: id}
}

// outputs are the results of a nested deployment, in the form that reference
// returns them in: {"outputs": {"hubId": {"type": "string", "value": …}}}.
func (e *entry) outputs() *tree.Node {
	out := &tree.Node{Kind: tree.Object}
	if section := e.inner.template.Get("outputs"); section != nil {
		for _, f := range section.Fields {
			out.Fields = append(out.Fields, tree.Field{Name: f.Name, Value: e.inner.evaluate(f.Value, nil)})
		}
	}
	return &tree.Node{Kind: tree.Object, Fields: []tree.Field{{Name: "outputs", Value: out}}}
}
