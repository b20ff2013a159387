package network

import (
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// part is an item of a resource that may stand within it or be a resource of
// its own: a subnet, a route, a peering, a security rule.
type part struct {
	*spot
	name string
}

// parts lists the items of one kind of a resource: those within it, and then
// those that are resources of their own. Where one is both, as in exports, its
// own resource counts. A list that cannot be read makes the resource bad.
func (b *builder) parts(r *resource.Resource, s *spot, kind string) []part {
	var list []part
	places := map[string]int{}
	add := func(p part) {
		key := strings.ToLower(p.name)
		if i, again := places[key]; again {
			list[i] = p
			return
		}
		places[key] = len(list)
		list = append(list, p)
	}
	for _, item := range b.named(s, kind) {
		add(item)
	}
	for _, child := range b.catalog.children(r, kind) {
		b.used[child] = true
		add(part{b.spot(child), child.ID.Name()})
	}
	return list
}

// named lists the items of a field that have a name. That stands beside the
// level "properties".
func (b *builder) named(s *spot, field string) []part {
	list := s.get(field, tree.Array)
	if list == nil {
		return nil
	}
	var out []part
	for i, n := range list.Items {
		if s.want(field, n, tree.Object) == nil {
			continue
		}
		item := s.item(field, i, n)
		switch name := item.want("name", n.Get("name"), tree.String); {
		case name != nil:
			out = append(out, part{spot: item, name: name.Text})
		case !item.bad:
			item.leaveOut("it has no name", "")
		}
	}
	return out
}
