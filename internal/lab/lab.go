package lab

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/topology"
)

// Lab is a lab that has been brought up, by this process or another one. Its
// methods need root, and are safe for concurrent use.
type Lab struct {
	name  string
	nodes []Node
}

// Open finds a lab by its name. The error is a [document.Problem] where there
// is none.
func Open(name string) (*Lab, error) {
	if err := checkName("lab", name); err != nil {
		return nil, err
	}
	if _, err := readState(name); err != nil {
		return nil, noLab(name, err)
	}
	t, err := readTopology(name)
	if err != nil {
		return nil, noLab(name, err)
	}
	nodes, err := nodesOf(name, t)
	if err != nil {
		return nil, err
	}
	return &Lab{name, nodes}, nil
}

// Name returns the lab's name.
func (l *Lab) Name() string {
	return l.name
}

// Nodes returns the firewalls and machines in the order of
// [topology.Topology.Interfaces], and then the hosts of the internet.
func (l *Lab) Nodes() []Node {
	return slices.Clone(l.nodes)
}

// Topology returns the topology as it is now, with the routes that were
// changed since the lab came up.
func (l *Lab) Topology() (*topology.Topology, error) {
	t, err := readTopology(l.name)
	return t, noLab(l.name, err)
}

// Node finds a node by its name. The names "fabric" and "internet" stand for
// the namespaces of the network itself; the error for any other unknown one
// is a [document.Problem].
func (l *Lab) Node(name string) (Node, error) {
	names := make([]string, len(l.nodes))
	for i, n := range l.nodes {
		if n.Name == name {
			return n, nil
		}
		names[i] = n.Name
	}
	if name == fabricNode || name == internetNode {
		return Node{Name: name, Namespace: namespaceOf(l.name, name)}, nil
	}
	p := document.Problem{Field: "node of lab " + l.name, Value: name, Message: "there is none of this name",
		Hint: "known here: " + strings.Join(names, ", ")}
	if s := document.Suggest(name, names); s != "" {
		p.Hint = "did you mean " + s + "?"
	}
	return Node{}, p
}

// end is a node that has an address, so a connection can begin or end there.
func (l *Lab) end(name string) (Node, error) {
	n, err := l.Node(name)
	if err == nil && !n.Address.IsValid() {
		err = fmt.Errorf("connect: %s has no address of its own; name an internet host or a machine", name)
	}
	return n, err
}
