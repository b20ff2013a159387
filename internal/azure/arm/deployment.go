package arm

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

// deployment adds the resources of a template within a template. Its
// expressions look names up in the outer template, unless it says "inner".
func (r *reader) deployment(e *entry) {
	properties := e.node.Get("properties")
	template := properties.Get("template")
	if template == nil {
		e.inner = &scope{}
		r.skip(e.node, errors.New("its template is in another place, which is not read"))
		return
	}
	inner := &scope{template: template, place: r.placeOf(e), known: map[string]*tree.Node{}, entries: r.entries, budget: r.budget}
	if mode := properties.Find("expressionEvaluationOptions", "scope"); mode != nil && strings.EqualFold(mode.Text, "inner") {
		inner.given = r.passed(e, properties.Get("parameters"))
	} else {
		inner.template = within(e.scope.template, template)
		inner.given, inner.place = e.scope.given, e.scope.place
	}
	e.inner = inner
	r.template(inner)
}

// within is the inner template with the outer one's parameters and variables.
func within(outer, inner *tree.Node) *tree.Node {
	n := &tree.Node{Kind: tree.Object, Line: inner.Line}
	for _, section := range []struct {
		name string
		from *tree.Node
	}{{"parameters", outer}, {"variables", outer}, {"resources", inner}, {"outputs", inner}} {
		if value := section.from.Get(section.name); value != nil {
			n.Fields = append(n.Fields, tree.Field{Name: section.name, Value: value})
		}
	}
	return n
}

// passed are the parameters that a deployment is given.
func (r *reader) passed(e *entry, parameters *tree.Node) map[string]*argument {
	given := map[string]*argument{}
	if parameters == nil {
		return given
	}
	for _, f := range parameters.Fields {
		if value := f.Value.Get("value"); value != nil {
			given[strings.ToLower(f.Name)] = &argument{node: value, scope: e.scope, in: e.in}
		}
	}
	return given
}

// placeOf is what a nested deployment is deployed to, if it says so.
func (r *reader) placeOf(e *entry) Place {
	p := e.scope.place
	for name, part := range map[string]*string{"resourceGroup": &p.ResourceGroup, "subscriptionId": &p.Subscription} {
		if n := e.node.Get(name); n != nil {
			*part = e.scope.evaluate(n, e.in).Text
		}
	}
	return p
}

// skip notes that a resource is not listed. Its name may not be known: it is
// called as the template has it.
func (r *reader) skip(n *tree.Node, err error) {
	s := Skipped{Line: n.Line, Err: err}
	if kind := n.Get("type"); kind != nil {
		s.Type = kind.Text
	}
	s.Title = s.Type[strings.LastIndex(s.Type, "/")+1:]
	if name := n.Get("name"); name != nil {
		s.Title += " " + name.Text
	}
	r.skipped = append(r.skipped, s)
}

// Hint says what can be done about an expression that has no value; empty where
// nothing can.
func Hint(err error) string {
	var parameter *MissingParameter
	var place *MissingPlace
	switch {
	case errors.As(err, &parameter):
		return fmt.Sprintf("give it with --parameter %s=VALUE, or all of them with --parameters FILE", parameter.Name)
	case errors.As(err, &place):
		return fmt.Sprintf("give it with --%s NAME", strings.ReplaceAll(place.What, " ", "-"))
	}
	return ""
}
