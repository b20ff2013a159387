// Package resource holds what templates and listings have in common: resources
// with their ids, and notes about what was not taken over from them.
package resource

import (
	"slices"
	"strings"
)

// Here stands in an id for the subscription or the resource group that a
// template is deployed to, which the template itself does not say. No real
// resource group can be called so.
const Here = "."

// ID names a resource within Azure. Ids are compared without regard to case:
// Azure's own tools write one id in several.
type ID struct {
	Subscription, Group string // Here, or empty, where unknown
	// Type has a part more than there are names: the provider comes first, as
	// in Microsoft.Network/virtualNetworks/subnets.
	Type  string
	Names []string
}

// ParseID takes apart an id of the form
//
//	/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/hub/subnets/vms
//
// Of an id that is within another resource's, the last provider counts.
func ParseID(text string) (ID, bool) {
	var id ID
	parts := strings.Split(strings.Trim(text, "/"), "/")
	for len(parts) >= 2 {
		switch key := strings.ToLower(parts[0]); key {
		case "subscriptions":
			id.Subscription = parts[1]
		case "resourcegroups":
			id.Group = parts[1]
		case "providers":
			id.Type, id.Names = parts[1], nil
		default:
			if id.Type == "" {
				return ID{}, false
			}
			id.Type += "/" + parts[0]
			id.Names = append(id.Names, parts[1])
		}
		parts = parts[2:]
	}
	return id, len(parts) == 0 && len(id.Names) > 0 && !slices.Contains(id.Names, "")
}

// New makes the id of a resource from its full type and its names, as in
// "Microsoft.Network/virtualNetworks/subnets" and "hub/vms". It is false where
// the numbers of parts do not fit.
func New(subscription, group, fullType, names string) (ID, bool) {
	id := ID{Subscription: subscription, Group: group, Type: fullType, Names: strings.Split(names, "/")}
	return id, strings.Count(fullType, "/") == len(id.Names) && !slices.Contains(id.Names, "")
}

// String is the id as [ParseID] reads it.
func (id ID) String() string {
	var b strings.Builder
	if id.Subscription != "" {
		b.WriteString("/subscriptions/" + id.Subscription)
	}
	if id.Group != "" {
		b.WriteString("/resourceGroups/" + id.Group)
	}
	types := strings.Split(id.Type, "/")
	b.WriteString("/providers/" + types[0])
	for i, name := range id.Names {
		if i+1 < len(types) {
			b.WriteString("/" + types[i+1])
		}
		b.WriteString("/" + name)
	}
	return b.String()
}

// Name is the last of the names: the resource's own.
func (id ID) Name() string {
	if len(id.Names) == 0 {
		return ""
	}
	return id.Names[len(id.Names)-1]
}

// Path is all of the names, as in "hub/vms".
func (id ID) Path() string { return strings.Join(id.Names, "/") }

// Is reports whether the resource is of the type.
func (id ID) Is(fullType string) bool { return strings.EqualFold(id.Type, fullType) }

// Parent is the id of the resource that this one is a part of; the zero ID
// where it is a part of none.
func (id ID) Parent() ID {
	if len(id.Names) < 2 {
		return ID{}
	}
	id.Type = id.Type[:strings.LastIndex(id.Type, "/")]
	id.Names = id.Names[:len(id.Names)-1]
	return id
}

// Child is the id of a part of the resource.
func (id ID) Child(kind, name string) ID {
	id.Type += "/" + kind
	id.Names = append(slices.Clone(id.Names), name)
	return id
}

// Matches reports whether two ids may name one resource: what one of them does
// not know, it leaves open.
func (id ID) Matches(other ID) bool {
	return id.Is(other.Type) && slices.EqualFunc(id.Names, other.Names, strings.EqualFold) &&
		open(id.Subscription, other.Subscription) && open(id.Group, other.Group)
}

func open(a, b string) bool {
	return a == "" || b == "" || a == Here || b == Here || strings.EqualFold(a, b)
}
