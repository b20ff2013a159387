package resource

import (
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

// Resource is one resource as a template or a listing describes it.
type Resource struct {
	ID   ID
	File string
	// Body has the resource's fields, with the level "properties" in templates
	// and without in listings; see [Properties].
	Body *tree.Node
}

// Properties is where the fields of a resource, or of an item within one,
// stand: under "properties" in the form of the REST API and of templates, beside
// the name in that of the command line.
func Properties(n *tree.Node) *tree.Node {
	if p := n.Get("properties"); p != nil && p.Kind == tree.Object {
		return p
	}
	return n
}

// Title is how people know a resource: the last part of its type, and its
// names.
func (id ID) Title() string {
	return id.Type[strings.LastIndex(id.Type, "/")+1:] + " " + id.Path()
}
