package arm

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// reader collects the resources of a file.
type reader struct {
	entries *entries
	budget  *budget
	skipped []Skipped
	// waiting are resources whose names rest on a resource that had not been
	// read: on the results of another nested deployment.
	waiting []waiting
}

type waiting struct {
	node  *tree.Node
	err   error
	again func()
}

// template adds the resources of a template. In the newer form they are an
// object, and have symbolic names.
func (r *reader) template(s *scope) {
	list := s.template.Get("resources")
	if list == nil {
		return
	}
	for _, n := range list.Items {
		r.copies(s, n, "", resource.ID{})
	}
	for _, f := range list.Fields {
		r.copies(s, f.Value, f.Name, resource.ID{})
	}
}

// copies adds a resource once, or as often as its copy loop says.
func (r *reader) copies(s *scope, n *tree.Node, symbol string, parent resource.ID) {
	d := n.Get("copy")
	if d == nil {
		r.resource(s, n, symbol, parent, nil)
		return
	}
	name, count, err := s.loopHead(d, nil)
	if err != nil {
		r.skip(n, err)
		return
	}
	for i := range count {
		if err := r.budget.step(); err != nil {
			r.skip(n, err)
			return
		}
		r.resource(s, n, symbol, parent, &loop{name: name, index: i})
	}
}

// retry reads the resources again that had to wait, as long as that gets on.
func (r *reader) retry() {
	for {
		again := r.waiting
		r.waiting = nil
		for _, w := range again {
			w.again()
		}
		if len(r.waiting) == len(again) {
			break
		}
	}
	for _, w := range r.waiting {
		r.skip(w.node, w.err)
	}
	for _, e := range r.entries.list { // what was worked out on the way may have been too early
		e.body, e.begun = nil, false
	}
}

// resource adds one resource, and those that stand within it.
func (r *reader) resource(s *scope, n *tree.Node, symbol string, parent resource.ID, in *loop) {
	id, err := r.identify(s, n, parent, in)
	if err == nil {
		err = r.wanted(s, n, in)
	}
	var after *AfterDeployment
	switch {
	case errors.As(err, &after):
		r.waiting = append(r.waiting, waiting{n, err, func() { r.resource(s, n, symbol, parent, in) }})
		return
	case err != nil:
		r.skip(n, err)
		return
	}
	e := &entry{scope: s, in: in, node: n, id: id, symbol: symbol}
	r.entries.list = append(r.entries.list, e)
	if id.Is("Microsoft.Resources/deployments") {
		r.deployment(e)
		return
	}
	if children := n.Get("resources"); children != nil {
		for _, child := range children.Items {
			r.copies(s, child, "", id)
		}
	}
}

// identify works out a resource's type and names. Those of a child are its own
// part only.
func (r *reader) identify(s *scope, n *tree.Node, parent resource.ID, in *loop) (resource.ID, error) {
	kind, name := n.Get("type"), n.Get("name")
	if kind == nil || name == nil || kind.Kind != tree.String {
		return resource.ID{}, fmt.Errorf("the resource has no type or no name")
	}
	name = s.evaluate(name, in)
	if name.Kind != tree.String {
		if name.Err != nil {
			return resource.ID{}, name.Err
		}
		return resource.ID{}, fmt.Errorf("the name is %s and not a string", name.Kind)
	}
	if len(parent.Names) > 0 {
		return parent.Child(kind.Text, name.Text), nil
	}
	id, ok := resource.New(s.place.subscription(), s.place.group(), kind.Text, name.Text)
	if !ok {
		return id, fmt.Errorf("the name %q does not have a part for each part of the type", name.Text)
	}
	return id, nil
}

// wanted tells why a deployment would not make the resource.
func (r *reader) wanted(s *scope, n *tree.Node, in *loop) error {
	if existing := n.Get("existing"); existing != nil && existing.Bool {
		return fmt.Errorf("the template only refers to it")
	}
	condition := n.Get("condition")
	if condition == nil {
		return nil
	}
	value := s.evaluate(condition, in)
	switch {
	case value.Kind == tree.Unknown:
		return fmt.Errorf("work out its condition: %w", value.Err)
	case value.Kind == tree.Bool && !value.Bool, strings.EqualFold(value.Text, "false"):
		return fmt.Errorf("its condition is false")
	}
	return nil
}
