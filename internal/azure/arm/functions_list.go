package arm

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

var listFunctions = map[string]function{
	"array": {1, 1, func(a *arguments) (*tree.Node, error) {
		if a.nodes[0].Kind == tree.Array {
			return a.nodes[0], nil
		}
		return a.listed(a.nodes)
	}},
	"createarray":  {0, -1, func(a *arguments) (*tree.Node, error) { return a.listed(a.nodes) }},
	"createobject": {0, -1, createObject},
	"contains":     {2, 2, contains},
	"empty":        {1, 1, func(a *arguments) (*tree.Node, error) { return truth(length(a.nodes[0]) == 0), nil }},
	"length":       {1, 1, func(a *arguments) (*tree.Node, error) { return integer(length(a.nodes[0])), nil }},
	"first":        {1, 1, func(a *arguments) (*tree.Node, error) { return a.at(0) }},
	"last":         {1, 1, func(a *arguments) (*tree.Node, error) { return a.at(length(a.nodes[0]) - 1) }},
	"skip":         {2, 2, func(a *arguments) (*tree.Node, error) { return a.cut(func(n int) (int, int) { return n, 1 << 30 }) }},
	"take":         {2, 2, func(a *arguments) (*tree.Node, error) { return a.cut(func(n int) (int, int) { return 0, n }) }},
	"join":         {2, 2, join},
	"range":        {2, 2, numbers},
	"union":        {2, -1, union},
}

// length is that of a string in characters, of an array in items, of an object
// in fields; 0 of null.
func length(n *tree.Node) int {
	switch n.Kind {
	case tree.String:
		return len([]rune(n.Text))
	case tree.Array:
		return len(n.Items)
	case tree.Object:
		return len(n.Fields)
	}
	return 0
}

func createObject(a *arguments) (*tree.Node, error) {
	if a.count()%2 != 0 {
		return nil, misusef("a name has no value")
	}
	n := &tree.Node{Kind: tree.Object}
	for i := 0; i < a.count(); i += 2 {
		name, err := a.text(i)
		if err != nil {
			return nil, err
		}
		n.Fields = append(n.Fields, tree.Field{Name: name, Value: a.nodes[i+1]})
	}
	return n, nil
}

// contains looks for a part of a string, an item of an array, or a field.
func contains(a *arguments) (*tree.Node, error) {
	in, what := a.nodes[0], a.nodes[1]
	switch in.Kind {
	case tree.String:
		return truth(strings.Contains(in.Text, what.Text)), nil
	case tree.Object:
		return truth(in.Get(what.Text) != nil), nil
	case tree.Array:
		return truth(has(in.Items, what)), nil
	}
	return nil, misusef("argument 1 is %s", in.Kind)
}

func has(items []*tree.Node, what *tree.Node) bool {
	return slices.ContainsFunc(items, func(n *tree.Node) bool { return same(n, what) })
}

// at returns the item, or the character, at a place of the first argument.
func (a *arguments) at(i int) (*tree.Node, error) {
	n := a.nodes[0]
	switch {
	case i < 0 || i >= length(n) || n.Kind == tree.Object:
		return nil, misusef("%s has no such item", n.Kind)
	case n.Kind == tree.String:
		return tree.Of(string([]rune(n.Text)[i])), nil
	}
	return known(n.Items[i])
}

// known passes an item on that may be Unknown.
func known(n *tree.Node) (*tree.Node, error) {
	if n.Kind == tree.Unknown {
		return nil, n.Err
	}
	return n, nil
}

// cut returns a part of a string or array; bounds makes its ends of a number.
func (a *arguments) cut(bounds func(int) (int, int)) (*tree.Node, error) {
	count, err := a.integer(1)
	if err != nil {
		return nil, err
	}
	n := a.nodes[0]
	from, to := bounds(max(0, count))
	from, to = min(from, length(n)), min(to, length(n))
	switch n.Kind {
	case tree.String:
		return a.made(string([]rune(n.Text)[from:to]))
	case tree.Array:
		return a.listed(n.Items[from:to])
	}
	return nil, misusef("argument 1 is %s", n.Kind)
}

func join(a *arguments) (*tree.Node, error) {
	items, err := a.array(0)
	if err != nil {
		return nil, err
	}
	separator, err := a.text(1)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(items))
	for i, item := range items {
		if texts[i], err = a.printed(item); err != nil {
			return nil, err
		}
		if err := a.scope.budget.grow(len(texts[i]) + len(separator)); err != nil {
			return nil, err
		}
	}
	return tree.Of(strings.Join(texts, separator)), nil
}

// mostNumbers is Resource Manager's limit for range.
const mostNumbers = 10_000

func numbers(a *arguments) (*tree.Node, error) {
	from, err := a.integer(0)
	if err != nil {
		return nil, err
	}
	count, err := a.integer(1)
	if err != nil {
		return nil, err
	}
	if count < 0 || count > mostNumbers {
		return nil, misusef("argument 2 is not from 0 to %d", mostNumbers)
	}
	items := make([]*tree.Node, count)
	for i := range items {
		items[i] = integer(from + i)
	}
	return a.listed(items)
}

// union is the items of all arrays without repetition, or the fields of all
// objects, of which the last of a name counts.
func union(a *arguments) (*tree.Node, error) {
	out := &tree.Node{Kind: a.nodes[0].Kind}
	for i, n := range a.nodes {
		if n.Kind != out.Kind || n.Kind != tree.Array && n.Kind != tree.Object {
			return nil, misusef("argument %d is %s", i+1, n.Kind)
		}
		for _, item := range n.Items {
			if err := a.scope.budget.grow(len(out.Items)); err != nil {
				return nil, err
			}
			if !has(out.Items, item) {
				out.Items = append(out.Items, item)
			}
		}
		for _, f := range n.Fields {
			out.Fields = slices.DeleteFunc(out.Fields, func(old tree.Field) bool { return strings.EqualFold(old.Name, f.Name) })
			out.Fields = append(out.Fields, f)
		}
	}
	return out, nil
}
