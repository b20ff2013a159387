package arm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// access takes a value out of another one, step by step. A step that a
// resource's template does not have is told as known only after the
// deployment, with the whole path that was asked for.
func (s *scope) access(e access, in *loop) (*tree.Node, error) {
	var path strings.Builder
	steps := make([]*tree.Node, len(e.steps))
	for i, step := range e.steps {
		var err error
		if steps[i], err = s.value(step, in); err != nil {
			return nil, err
		}
		if steps[i].Kind == tree.Number {
			fmt.Fprintf(&path, "[%s]", steps[i].Text)
		} else {
			path.WriteString("." + steps[i].Text)
		}
	}
	n, err := s.value(e.of, in)
	for i := 0; err == nil && i < len(steps); i++ {
		var next *tree.Node
		if next, err = take(n, steps[i]); err == nil {
			n = next
		}
	}
	var missing *noField
	var after *AfterDeployment
	switch {
	case errors.As(err, &after) && isReference(e.of):
		return nil, &AfterDeployment{after.ID, strings.TrimPrefix(after.Path+path.String(), ".")}
	case errors.As(err, &missing) && isReference(e.of):
		id, _ := s.referenced(e.of.(call), in)
		if part, ok := partID(id, steps, n); ok {
			return part, nil
		}
		return nil, &AfterDeployment{id, strings.TrimPrefix(path.String(), ".")}
	}
	return n, err
}

// partID is the id of a part of a resource, which follows from its name: as in
// reference('hub').subnets[0].id, where the last object found is the subnet.
func partID(id resource.ID, steps []*tree.Node, found *tree.Node) (*tree.Node, bool) {
	if len(steps) != 3 || steps[0].Kind != tree.String || steps[1].Kind != tree.Number || !strings.EqualFold(steps[2].Text, "id") {
		return nil, false
	}
	name := found.Get("name")
	if name == nil || name.Kind != tree.String {
		return nil, false
	}
	return tree.Of(id.Child(steps[0].Text, name.Text).String()), true
}

// noField says that an object or array does not have what was asked for.
type noField struct{ text string }

func (e *noField) Error() string { return e.text }

// take makes one step.
func take(of, step *tree.Node) (*tree.Node, error) {
	switch {
	case of.Kind == tree.Unknown:
		return nil, of.Err
	case step.Kind == tree.String && of.Kind == tree.Object:
		if value := of.Get(step.Text); value != nil {
			return value, nil
		}
		return nil, &noField{fmt.Sprintf("the object has no field %q", step.Text)}
	case step.Kind == tree.Number && of.Kind == tree.Array:
		if i, err := strconv.Atoi(step.Text); err == nil && 0 <= i && i < len(of.Items) {
			return of.Items[i], nil
		}
		return nil, &noField{fmt.Sprintf("the array has %d items and no [%s]", len(of.Items), step.Text)}
	}
	return nil, fmt.Errorf("%s has no part %q", of.Kind, step.Text)
}
