package arm

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

// scope is where the expressions of one template look names up: its parameters
// and variables. A nested deployment has a scope of its own, or that of the
// template around it.
type scope struct {
	template *tree.Node
	place    Place
	given    map[string]*argument // the values of parameters, by names in lower case
	// known are the values of parameters and variables that were asked for, by
	// section and name; that of one being worked out is nil.
	known map[string]*tree.Node
	// entries are the template's resources, those of deployments around and
	// within it too.
	entries *entries
	budget  *budget
}

// budget bounds the work that a template can make: a few lines of copies and
// concatenations could ask for more than any machine has.
type budget struct{ steps, text int }

const (
	mostSteps = 1_000_000
	mostText  = 16 << 20 // bytes of strings that functions make
)

// argument is the value of a parameter, to be worked out where it stands: at a
// nested deployment, in the template around. It is worked out anew each time,
// because it may refer to a resource that had not been read the last time.
type argument struct {
	node  *tree.Node
	scope *scope // nil for what needs no working out
	in    *loop
	busy  bool
}

func (a *argument) value() (*tree.Node, error) {
	if a.scope == nil {
		return a.node, nil
	}
	if a.busy {
		return nil, fmt.Errorf("a parameter of a nested deployment leads back to itself")
	}
	a.busy = true
	defer func() { a.busy = false }()
	n := a.scope.evaluate(a.node, a.in)
	return n, n.Err
}

// loop is a copy loop that encloses an expression; the innermost comes first.
type loop struct {
	name  string
	index int
	outer *loop
}

// parameter returns the value of a parameter: what was given, or its default.
func (s *scope) parameter(name string) (*tree.Node, error) {
	if a, ok := s.given[strings.ToLower(name)]; ok {
		return a.value()
	}
	definition := s.template.Find("parameters", name)
	if definition == nil {
		return nil, fmt.Errorf("there is no parameter %q", name)
	}
	value := definition.Get("defaultValue")
	if value.IsAbsent() { // exports write null for one that they keep to themselves
		return nil, &MissingParameter{name}
	}
	return s.once("parameters", name, value)
}

// variable returns the value of a variable. Variables that a copy loop makes
// are found in the section as a whole.
func (s *scope) variable(name string) (*tree.Node, error) {
	section := s.template.Get("variables")
	if value := section.Get(name); value != nil {
		return s.once("variables", name, value)
	}
	if definition := loopNamed(section, name); definition != nil {
		return s.once("variables", name, &tree.Node{Kind: tree.Object, Line: section.Line, Fields: []tree.Field{
			{Name: "copy", Value: &tree.Node{Kind: tree.Array, Items: []*tree.Node{definition}}},
		}}, name)
	}
	return nil, fmt.Errorf("there is no variable %q", name)
}

// once works a value out when it is first asked for. The path leads to the part
// of it that counts.
func (s *scope) once(section, name string, value *tree.Node, path ...string) (*tree.Node, error) {
	key := section + "/" + strings.ToLower(name)
	result, begun := s.known[key]
	if begun && result == nil {
		return nil, fmt.Errorf("%s of %s leads back to itself", name, section)
	}
	if !begun {
		s.known[key] = nil
		result = s.evaluate(value, nil).Find(path...)
		s.known[key] = result
	}
	return result, result.Err
}

func loopNamed(section *tree.Node, name string) *tree.Node {
	if loops := section.Get("copy"); loops != nil {
		for _, definition := range loops.Items {
			if n := definition.Get("name"); n != nil && strings.EqualFold(n.Text, name) {
				return definition
			}
		}
	}
	return nil
}

// step counts one step of work.
func (b *budget) step() error {
	if b.steps++; b.steps > mostSteps {
		return fmt.Errorf("the template takes more than %d steps to work out", mostSteps)
	}
	return nil
}

// grow counts bytes of text that a function makes.
func (b *budget) grow(bytes int) error {
	if b.text += bytes; b.text > mostText {
		return fmt.Errorf("the template makes more than %d MiB of text", mostText>>20)
	}
	return nil
}
