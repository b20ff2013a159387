// Package arm reads Azure Resource Manager templates: those that `az group
// export` and the portal write, and those that people and Bicep write.
//
// A template is JSON whose strings may be expressions: "[parameters('name')]",
// "[resourceId('Microsoft.Network/routeTables', 'rt-spoke')]". [Resources]
// works them out as Resource Manager does when it deploys, without asking
// Azure anything, and lists the resources flat: children that stand within
// their parent, one for each turn of a copy loop, those of nested deployments.
//
// What nobody can know without deploying (a password that is a parameter
// without default, an address that Azure chooses) is no error as long as nobody
// asks for it: its place holds a [tree.Unknown] with the reason, which is one of
// the error types of this package where there is something to be done about
// it. A template can be made to ask for endless work; it is stopped at bounds
// that no deployment reaches.
package arm

import (
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// Options are what a deployment would be given beside the template.
type Options struct {
	// Parameters are values by name. A string is taken as what the template's
	// parameter is declared to be.
	Parameters map[string]*tree.Node
	Place      Place
}

// Is reports whether a JSON value is a template.
func Is(n *tree.Node) bool {
	list := n.Get("resources")
	return list != nil && (list.Kind == tree.Array || list.Kind == tree.Object) &&
		(n.Get("$schema") != nil || n.Get("contentVersion") != nil)
}

// Skipped is a resource that is not listed, and why.
type Skipped struct {
	Line  int
	Type  string // may be empty
	Title string
	Err   error
}

// Resources lists the resources of a template in its order, each with its
// expressions worked out, and those that it does not list: a condition is
// false, or a name cannot be worked out.
func Resources(file string, template *tree.Node, o Options) ([]*resource.Resource, []Skipped) {
	r := &reader{entries: &entries{}, budget: &budget{}}
	s := &scope{template: template, place: o.Place, known: map[string]*tree.Node{}, entries: r.entries, budget: r.budget}
	s.given = s.typed(o.Parameters)
	r.template(s)
	r.retry()
	var list []*resource.Resource
	for _, e := range r.entries.list {
		if e.inner == nil {
			list = append(list, &resource.Resource{ID: e.id, File: file, Body: e.work()})
		}
	}
	return list, r.skipped
}

// typed takes the strings among the given values for what their parameters are
// declared to be: a command line has strings only.
func (s *scope) typed(values map[string]*tree.Node) map[string]*argument {
	given := map[string]*argument{}
	for name, value := range values {
		declared := s.template.Find("parameters", name, "type")
		if value.Kind == tree.String && declared != nil && !strings.HasSuffix(strings.ToLower(declared.Text), "string") {
			if n, err := tree.Parse([]byte(value.Text)); err == nil {
				value = n
			}
		}
		given[strings.ToLower(name)] = &argument{node: value}
	}
	return given
}

// Parameters lists the names of a template's parameters.
func Parameters(template *tree.Node) []string {
	var names []string
	if section := template.Get("parameters"); section != nil {
		for _, f := range section.Fields {
			names = append(names, f.Name)
		}
	}
	return names
}
