package arm

import (
	"cmp"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// Place is what a template is deployed to. The template does not say it; what
// is empty is not known, and an expression that cannot do without it has no
// value.
type Place struct {
	Subscription  string // its id
	ResourceGroup string
	Location      string // as "westeurope"
}

func (p Place) subscription() string { return cmp.Or(p.Subscription, resource.Here) }
func (p Place) group() string        { return cmp.Or(p.ResourceGroup, resource.Here) }

// resourceGroupObject is what resourceGroup() returns. Ids of an unknown group
// are good enough to be compared; a name is not made up.
func (p Place) resourceGroupObject() *tree.Node {
	return &tree.Node{Kind: tree.Object, Fields: []tree.Field{
		{Name: "id", Value: tree.Of("/subscriptions/" + p.subscription() + "/resourceGroups/" + p.group())},
		{Name: "name", Value: place(p.ResourceGroup, "resource group")},
		{Name: "location", Value: place(p.Location, "location")},
	}}
}

func (p Place) subscriptionObject() *tree.Node {
	return &tree.Node{Kind: tree.Object, Fields: []tree.Field{
		{Name: "id", Value: tree.Of("/subscriptions/" + p.subscription())},
		{Name: "subscriptionId", Value: tree.Of(p.subscription())},
	}}
}

func place(name, what string) *tree.Node {
	if name == "" {
		return tree.Failed(&MissingPlace{what})
	}
	return tree.Of(name)
}
