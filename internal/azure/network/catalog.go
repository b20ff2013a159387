package network

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
)

// catalog finds resources by type and by reference.
type catalog struct {
	all    []*resource.Resource
	byType map[string][]*resource.Resource // in lower case
}

// newCatalog lists each resource once. The same one may come from several
// files, and children stand both within their parent and beside it.
func newCatalog(list []*resource.Resource) catalog {
	c := catalog{byType: map[string][]*resource.Resource{}}
	for _, r := range list {
		key := strings.ToLower(r.ID.Type)
		if !c.has(r) {
			c.byType[key] = append(c.byType[key], r)
			c.all = append(c.all, r)
		}
	}
	return c
}

func (c *catalog) has(r *resource.Resource) bool {
	for _, other := range c.byType[strings.ToLower(r.ID.Type)] {
		if other.ID.Matches(r.ID) && (other.File == r.File || placed(other) || placed(r)) {
			return true
		}
	}
	return false
}

// placed reports whether a resource's group is known. Two templates of unknown
// groups may well be of two groups, and resources of one name be two.
func placed(r *resource.Resource) bool {
	return r.ID.Group != "" && r.ID.Group != resource.Here
}

// of lists the resources of a type.
func (c *catalog) of(fullType string) []*resource.Resource {
	return c.byType[strings.ToLower(fullType)]
}

// resolve finds the resource that a reference in a file names. The error says
// why there is none, in words that follow "left out".
func (c *catalog) resolve(file, text, fullType string) (*resource.Resource, error) {
	id, ok := resource.ParseID(text)
	if !ok || !id.Is(fullType) {
		return nil, fmt.Errorf("%q is no id of the type %s", text, fullType)
	}
	var found, here *resource.Resource
	count := 0
	for _, r := range c.of(fullType) {
		if !r.ID.Matches(id) {
			continue
		}
		if count++; found == nil {
			found = r
		}
		if here == nil && r.File == file {
			here = r
		}
	}
	switch {
	case here != nil:
		return here, nil
	case count == 0:
		return nil, fmt.Errorf("%s is in none of the files", id.Title())
	case count > 1:
		return nil, fmt.Errorf("%s may be any of %d resources of this name", id.Title(), count)
	}
	return found, nil
}

// children lists the resources of a type that are parts of a resource.
func (c *catalog) children(of *resource.Resource, kind string) []*resource.Resource {
	var list []*resource.Resource
	for _, r := range c.of(of.ID.Type + "/" + kind) {
		if parent := r.ID.Parent(); parent.Matches(of.ID) && (r.File == of.File || placed(r) || placed(of)) {
			list = append(list, r)
		}
	}
	return list
}
