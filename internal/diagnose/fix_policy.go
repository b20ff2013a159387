package diagnose

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
)

// ruleFixes are changes of the policy after which it allows the connection,
// the smallest first. Each was tried.
func ruleFixes(firewall string, p *policy.Policy, t flow.Tuple, miss *NearMiss) []RuleFix {
	var candidates []RuleFix
	if miss != nil && len(miss.Differs) == 1 {
		d := miss.Differs[0]
		candidates = append(candidates, RuleFix{Firewall: firewall, Policy: p.Name, Group: miss.Group,
			Collection: miss.Collection, Rule: miss.Rule, Field: d.Field, Add: d.Is})
	}
	if f, ok := newRuleFix(firewall, p, t); ok {
		candidates = append(candidates, f)
	}
	return slices.DeleteFunc(candidates, func(f RuleFix) bool { return f.prove(p, t) != nil })
}

// newRuleFix is a rule for this connection alone, in a collection that is
// evaluated before the one that denies now; false where no priority is left.
func newRuleFix(firewall string, p *policy.Policy, t flow.Tuple) (RuleFix, bool) {
	f := RuleFix{Firewall: firewall, Policy: p.Name, Rule: "allow-" + t.Dest.Addr().Unmap().String() + "-" + strconv.Itoa(int(t.Dest.Port())), New: newRule(t)}
	var group policy.RuleCollectionGroup
	limit := policy.MaxPriority + 1
	if decided := decide(p, t).Rule; decided != nil {
		group = groupNamed(p, decided.Group)
		limit = collectionNamed(group, decided.Collection).Priority
	} else if len(p.Groups) > 0 {
		group = slices.MinFunc(p.Groups, func(a, b policy.RuleCollectionGroup) int { return cmp.Compare(a.Priority, b.Priority) })
	}
	f.Group, f.Collection = group.Name, unused("rc-allow", func(name string) bool { return collectionNamed(group, name).Name != "" })
	taken := func(n int) bool {
		return slices.ContainsFunc(group.Collections, func(c policy.RuleCollection) bool { return c.Priority == n })
	}
	var ok bool
	if f.Priority, ok = freeBelow(limit, taken); ok && group.Name != "" {
		return f, true
	}
	return ownGroup(f, p, group.Priority)
}

// ownGroup puts the rule into a group of its own, before the group of that
// priority.
func ownGroup(f RuleFix, p *policy.Policy, limit int) (RuleFix, bool) {
	f.Priority, f.Collection = policy.MinPriority, "rc-allow"
	f.Group = unused("rcg-allow", func(name string) bool { return groupNamed(p, name).Name != "" })
	if limit == 0 {
		limit = policy.MaxPriority + 1
	}
	var ok bool
	f.GroupPriority, ok = freeBelow(limit, func(n int) bool {
		return slices.ContainsFunc(p.Groups, func(g policy.RuleCollectionGroup) bool { return g.Priority == n })
	})
	return f, ok
}

func newRule(t flow.Tuple) *NewRule {
	return &NewRule{
		IPProtocols:          []string{t.Protocol.String()},
		SourceAddresses:      []string{t.Source.Addr().Unmap().String()},
		DestinationAddresses: []string{t.Dest.Addr().Unmap().String()},
		DestinationPorts:     []string{strconv.Itoa(int(t.Dest.Port()))},
	}
}

// freeBelow is a priority below the limit that is not taken: a round one where
// there is one, so that others can be put beside it.
func freeBelow(limit int, taken func(int) bool) (int, bool) {
	return freeBelowFrom(policy.MinPriority, limit, taken)
}

func freeBelowFrom(lowest, limit int, taken func(int) bool) (int, bool) {
	for _, step := range []int{100, 10, 1} {
		for n := (limit - 1) / step * step; n >= lowest; n -= step {
			if !taken(n) {
				return n, true
			}
		}
	}
	return 0, false
}

// unused is the name, with a number behind it where it is taken.
func unused(name string, taken func(string) bool) string {
	for n := 1; ; n++ {
		candidate := name
		if n > 1 {
			candidate += "-" + strconv.Itoa(n)
		}
		if !taken(candidate) {
			return candidate
		}
	}
}

func groupNamed(p *policy.Policy, name string) policy.RuleCollectionGroup {
	for _, g := range p.Groups {
		if g.Name == name {
			return g
		}
	}
	return policy.RuleCollectionGroup{}
}

func collectionNamed(g policy.RuleCollectionGroup, name string) policy.RuleCollection {
	for _, c := range g.Collections {
		if c.Name == name {
			return c
		}
	}
	return policy.RuleCollection{}
}
