package arm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

// function is one of the template language's. Its arguments have been worked
// out; least and most bound how many there are, -1 for no bound.
type function struct {
	least, most int
	run         func(c *arguments) (*tree.Node, error)
}

// unworked is a function that works its arguments out itself, because some of
// them must not be, or because the place of the call counts.
type unworked func(s *scope, arguments []expression, in *loop) (*tree.Node, error)

// call runs a function. Names are looked up without regard to case.
func (s *scope) call(c call, in *loop) (*tree.Node, error) {
	name := strings.ToLower(c.name)
	if f, ok := specialFunctions[name]; ok {
		n, err := f(s, c.arguments, in)
		return n, named(c, err)
	}
	f, ok := functions[name]
	if !ok {
		return nil, &Unsupported{c.name}
	}
	if len(c.arguments) < f.least || f.most >= 0 && len(c.arguments) > f.most {
		return nil, fmt.Errorf("%s does not take %d arguments", c.name, len(c.arguments))
	}
	args := &arguments{scope: s, in: in, nodes: make([]*tree.Node, len(c.arguments))}
	for i, a := range c.arguments {
		var err error
		if args.nodes[i], err = s.value(a, in); err != nil {
			return nil, err
		}
	}
	n, err := f.run(args)
	return n, named(c, err)
}

// misuse is a call that cannot be run, told with the function's name.
type misuse struct{ text string }

func (e *misuse) Error() string { return e.text }

func misusef(format string, args ...any) error { return &misuse{fmt.Sprintf(format, args...)} }

func named(c call, err error) error {
	var m *misuse // an inner call's has its name already, and is none any more
	if errors.As(err, &m) {
		return fmt.Errorf("%s: %s", c.name, m.text)
	}
	return err
}

// arguments are those of one call.
type arguments struct {
	scope *scope
	in    *loop
	nodes []*tree.Node
}

func (a *arguments) count() int { return len(a.nodes) }

// text returns the argument at place i, which must be a string.
func (a *arguments) text(i int) (string, error) {
	if n := a.nodes[i]; n.Kind != tree.String {
		return "", misusef("argument %d is %s and not a string", i+1, n.Kind)
	}
	return a.nodes[i].Text, nil
}

// texts returns all arguments from place i on, which must be strings.
func (a *arguments) texts(from int) ([]string, error) {
	var out []string
	for i := from; i < len(a.nodes); i++ {
		text, err := a.text(i)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// integer returns the argument at place i, which must be a whole number.
func (a *arguments) integer(i int) (int, error) {
	n := a.nodes[i]
	value, err := strconv.Atoi(n.Text)
	if n.Kind != tree.Number || err != nil {
		return 0, misusef("argument %d is %s and not a whole number", i+1, n.Kind)
	}
	return value, nil
}

func (a *arguments) truth(i int) (bool, error) {
	if n := a.nodes[i]; n.Kind != tree.Bool {
		return false, misusef("argument %d is %s and not a truth value", i+1, n.Kind)
	}
	return a.nodes[i].Bool, nil
}

func (a *arguments) array(i int) ([]*tree.Node, error) {
	if n := a.nodes[i]; n.Kind != tree.Array {
		return nil, misusef("argument %d is %s and not an array", i+1, n.Kind)
	}
	return a.nodes[i].Items, nil
}

// made returns a string that a function made, and counts it.
func (a *arguments) made(text string) (*tree.Node, error) {
	return tree.Of(text), a.scope.budget.grow(len(text))
}

func integer(n int) *tree.Node { return &tree.Node{Kind: tree.Number, Text: strconv.Itoa(n)} }

func truth(b bool) *tree.Node { return &tree.Node{Kind: tree.Bool, Bool: b} }

// listed returns an array that a function made, and counts it.
func (a *arguments) listed(items []*tree.Node) (*tree.Node, error) {
	const perItem = 16
	return &tree.Node{Kind: tree.Array, Items: items}, a.scope.budget.grow(perItem * len(items))
}
