package arm

import (
	"fmt"
	"strconv"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

// mostCopies is Resource Manager's limit for a copy loop.
const mostCopies = 800

// loops works out the copy loops of an object, each of which makes a field
// that is an array:
//
//	"copy": [{"name": "subnets", "count": 3, "input": {"name": "[format('s{0}', copyIndex('subnets'))]"}}]
func (s *scope) loops(definitions *tree.Node, in *loop) []tree.Field {
	var fields []tree.Field
	for _, d := range definitions.Items {
		name, count, err := s.loopHead(d, in)
		input := d.Get("input")
		if err == nil && input == nil {
			err = fmt.Errorf("the copy loop %q has no input", name)
		}
		if err != nil {
			fields = append(fields, tree.Field{Name: name, Value: failed(d, err)})
			continue
		}
		value := &tree.Node{Kind: tree.Array, Line: d.Line}
		for i := range count {
			value.Items = append(value.Items, s.evaluate(input, &loop{name, i, in}))
		}
		fields = append(fields, tree.Field{Name: name, Value: value})
	}
	return fields
}

// loopHead returns the name and the count of a copy loop.
func (s *scope) loopHead(d *tree.Node, in *loop) (string, int, error) {
	name := d.Get("name")
	if name == nil || name.Kind != tree.String {
		return "", 0, fmt.Errorf("a copy loop has no name")
	}
	count := d.Get("count")
	if count == nil {
		return name.Text, 0, fmt.Errorf("the copy loop %q has no count", name.Text)
	}
	count = s.evaluate(count, in)
	if count.Kind == tree.Unknown {
		return name.Text, 0, count.Err
	}
	n, err := strconv.Atoi(count.Text)
	if err != nil || n < 0 || n > mostCopies {
		return name.Text, 0, fmt.Errorf("the count of the copy loop %q is no number from 0 to %d", name.Text, mostCopies)
	}
	return name.Text, n, nil
}
