package network

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// policies makes the policy of each firewall that has one.
func (b *builder) policies() {
	inUse := map[string]bool{}
	for _, f := range b.t.AzureFirewalls {
		if f.FirewallPolicy != nil {
			inUse[f.FirewallPolicy.ID] = true
		}
	}
	for _, r := range b.catalog.of(policyType) {
		if name, known := b.names[r]; known && inUse[b.policyFile(name)] {
			b.finish(&draft{Name: name, Groups: b.flattened(r)}, b.spot(r))
		}
	}
	for _, d := range b.classics {
		b.finish(d.draft, d.spot)
	}
}

// flattened lists the groups of a policy and of those that it inherits from, in
// the order in which Azure evaluates them: the base policy's come first,
// whatever their priorities.
func (b *builder) flattened(r *resource.Resource) []*draftGroup {
	var levels []*resource.Resource
	for r != nil && !slices.Contains(levels, r) {
		b.used[r] = true
		levels = append(levels, r)
		r = b.base(r)
	}
	slices.Reverse(levels)
	var all []*draftGroup
	for _, level := range levels {
		groups := b.groups(level)
		slices.SortStableFunc(groups, func(x, y *draftGroup) int { return cmp.Compare(x.Priority, y.Priority) })
		for _, g := range groups {
			if slices.ContainsFunc(all, func(other *draftGroup) bool { return strings.EqualFold(other.Name, g.Name) }) {
				g.rename(legal(level.ID.Name()+"-"+g.Name, longestName), "the base policy has a group of this name")
			}
			all = append(all, g)
		}
	}
	if len(levels) > 1 {
		renumber(all)
	}
	return all
}

// base is the policy that a policy inherits from; nil where there is none.
func (b *builder) base(r *resource.Resource) *resource.Resource {
	s := b.spot(r)
	id := s.id("basePolicy")
	if id == "" {
		return nil
	}
	base, err := b.catalog.resolve(r.File, id, policyType)
	if err != nil {
		s.note(resource.LeftOut, s.body.Get("basePolicy"), "basePolicy", "", err.Error(), hintFor(policyType))
	}
	return base
}

// renumber gives groups other priorities where those that they have would put
// them into another order.
func renumber(groups []*draftGroup) {
	inOrder := func(x, y *draftGroup) int { return cmp.Compare(x.Priority, y.Priority) }
	strictly := !slices.ContainsFunc(groups[:max(0, len(groups)-1)], func(g *draftGroup) bool {
		return groups[slices.Index(groups, g)+1].Priority <= g.Priority
	})
	if strictly && slices.IsSortedFunc(groups, inOrder) {
		return
	}
	for i, g := range groups {
		priority := 100 * (i + 1)
		if g.Priority != priority {
			g.spot.note(resource.Changed, nil, "priority", fmt.Sprint(g.Priority),
				fmt.Sprintf("the priority is %d here: a base policy's groups come first, whatever their priorities", priority), "")
		}
		g.Priority = priority
	}
}

// groups reads the rule collection groups of one policy, and tells of its
// settings that have no counterpart.
func (b *builder) groups(r *resource.Resource) []*draftGroup {
	s := b.spot(r)
	b.settings(s)
	var groups []*draftGroup
	for _, child := range b.catalog.children(r, collectionsParent) {
		b.used[child] = true
		g := &draftGroup{spot: b.spot(child), Name: child.ID.Name()}
		g.Priority = g.spot.number("priority")
		for _, c := range b.named(g.spot, collectionsField) {
			if made := b.collection(c); made != nil {
				g.Collections = append(g.Collections, made)
			}
		}
		groups = append(groups, g)
	}
	b.missingGroups(r, s)
	return groups
}

// missingGroups tells of groups that a listing of policies only refers to.
func (b *builder) missingGroups(r *resource.Resource, s *spot) {
	if n := s.body.Get(collectionsParent); n.IsAbsent() || n.Kind != tree.Array {
		return
	}
	for _, text := range s.ids(collectionsParent) {
		if _, err := b.catalog.resolve(r.File, text, policyType+"/"+collectionsParent); err != nil {
			s.note(resource.LeftOut, nil, collectionsParent, "", err.Error(), hintFor(policyType+"/"+collectionsParent))
		}
	}
}

// settings tells of what a policy says beside its rules.
func (b *builder) settings(s *spot) {
	for _, field := range []struct{ path, quiet, what string }{
		{"threatIntelMode", "Off", "threat intelligence is not supported"},
		{"intrusionDetection.mode", "Off", "intrusion detection is not supported"},
		{"dnsSettings.enableProxy", "false", "the DNS proxy is not supported"},
		{"snat.privateRanges", "", "source NAT is not supported: addresses stay as they are"},
		{"explicitProxy.enableExplicitProxy", "false", "the explicit proxy is not supported"},
		{"transportSecurity.certificateAuthority", "", "TLS inspection is not supported"},
	} {
		n := s.body.Find(strings.Split(field.path, ".")...)
		if n.IsAbsent() || n.Kind == tree.Bool && !n.Bool || n.Kind == tree.String && strings.EqualFold(n.Text, field.quiet) {
			continue
		}
		s.note(resource.LeftOut, n, field.path, n.Text, field.what, "")
	}
}
