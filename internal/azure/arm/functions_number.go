package arm

import (
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

var numberFunctions = map[string]function{
	"add":             {2, 2, calculate(func(x, y int) int { return x + y })},
	"sub":             {2, 2, calculate(func(x, y int) int { return x - y })},
	"mul":             {2, 2, calculate(func(x, y int) int { return x * y })},
	"div":             {2, 2, divide(func(x, y int) int { return x / y })},
	"mod":             {2, 2, divide(func(x, y int) int { return x % y })},
	"min":             {1, -1, extreme(func(x, best int) bool { return x < best })},
	"max":             {1, -1, extreme(func(x, best int) bool { return x > best })},
	"less":            {2, 2, compare(func(order int) bool { return order < 0 })},
	"lessorequals":    {2, 2, compare(func(order int) bool { return order <= 0 })},
	"greater":         {2, 2, compare(func(order int) bool { return order > 0 })},
	"greaterorequals": {2, 2, compare(func(order int) bool { return order >= 0 })},
	"int":             {1, 1, whole},
}

func calculate(f func(x, y int) int) func(*arguments) (*tree.Node, error) {
	return func(a *arguments) (*tree.Node, error) {
		x, err := a.integer(0)
		if err != nil {
			return nil, err
		}
		y, err := a.integer(1)
		if err != nil {
			return nil, err
		}
		return integer(f(x, y)), nil
	}
}

func divide(f func(x, y int) int) func(*arguments) (*tree.Node, error) {
	return func(a *arguments) (*tree.Node, error) {
		if y, err := a.integer(1); err != nil || y == 0 {
			return nil, misusef("argument 2 is no number to divide by")
		}
		return calculate(f)(a)
	}
}

// extreme finds the best of the arguments, or of the items of the only one.
func extreme(better func(x, best int) bool) func(*arguments) (*tree.Node, error) {
	return func(a *arguments) (*tree.Node, error) {
		if a.nodes[0].Kind == tree.Array {
			a = &arguments{scope: a.scope, nodes: a.nodes[0].Items}
		}
		if a.count() == 0 {
			return nil, misusef("there is no number")
		}
		best, err := a.integer(0)
		for i := 1; err == nil && i < a.count(); i++ {
			var x int
			if x, err = a.integer(i); err == nil && better(x, best) {
				best = x
			}
		}
		return integer(best), err
	}
}

// compare compares two numbers or two strings.
func compare(holds func(order int) bool) func(*arguments) (*tree.Node, error) {
	return func(a *arguments) (*tree.Node, error) {
		if a.nodes[0].Kind == tree.String {
			t, err := a.texts(0)
			if err != nil {
				return nil, err
			}
			return truth(holds(strings.Compare(t[0], t[1]))), nil
		}
		x, err := a.integer(0)
		if err != nil {
			return nil, err
		}
		y, err := a.integer(1)
		if err != nil {
			return nil, err
		}
		switch {
		case x < y:
			return truth(holds(-1)), nil
		case x > y:
			return truth(holds(1)), nil
		}
		return truth(holds(0)), nil
	}
}

func whole(a *arguments) (*tree.Node, error) {
	n := a.nodes[0]
	value, err := strconv.Atoi(n.Text)
	if n.Kind != tree.Number && n.Kind != tree.String || err != nil {
		return nil, misusef("%q is no whole number", n.Text)
	}
	return integer(value), nil
}
