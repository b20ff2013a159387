package arm

import (
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

var idFunctions = map[string]function{
	"resourceid":             {2, -1, resourceID},
	"subscriptionresourceid": {2, -1, subscriptionResourceID},
	"extensionresourceid":    {3, -1, extensionResourceID},
}

// resourceID is resourceId([subscription], [resource group], type, name, …).
// The type is the first argument with a slash.
func resourceID(a *arguments) (*tree.Node, error) {
	words, err := a.texts(0)
	if err != nil {
		return nil, err
	}
	id := resource.ID{Subscription: a.scope.place.subscription(), Group: a.scope.place.group()}
	for len(words) > 0 && !strings.Contains(words[0], "/") {
		id.Subscription, id.Group = id.Group, words[0]
		words = words[1:]
	}
	switch before := a.count() - len(words); {
	case len(words) == 0 || before > 2:
		return nil, misusef("there is no resource type")
	case before == 1: // the group alone was given
		id.Subscription = a.scope.place.subscription()
	}
	return a.id(id, words)
}

func subscriptionResourceID(a *arguments) (*tree.Node, error) {
	words, err := a.texts(0)
	if err != nil {
		return nil, err
	}
	id := resource.ID{Subscription: a.scope.place.subscription()}
	if !strings.Contains(words[0], "/") {
		id.Subscription, words = words[0], words[1:]
	}
	return a.id(id, words)
}

// extensionResourceID is the id of a resource that belongs to another one.
func extensionResourceID(a *arguments) (*tree.Node, error) {
	words, err := a.texts(0)
	if err != nil {
		return nil, err
	}
	n, err := a.id(resource.ID{}, words[1:])
	if err != nil {
		return nil, err
	}
	return a.made(words[0] + n.Text)
}

// id completes an id with a type and its names.
func (a *arguments) id(id resource.ID, words []string) (*tree.Node, error) {
	id.Type, id.Names = words[0], words[1:]
	if len(id.Names) == 0 || strings.Count(id.Type, "/") != len(id.Names) {
		return nil, misusef("the type %s takes %d names and not %d", id.Type, strings.Count(id.Type, "/"), len(id.Names))
	}
	return a.made(id.String())
}
