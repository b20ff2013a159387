package topology

import (
	"slices"

	"github.com/sekisho/sekisho/internal/document"
)

// SetSecurityRule returns a copy of the topology in which the security group
// has rule r, in place of the rule of the same name, else at its end.
//
// The error is a [document.Problem] where there is no such group, and a
// [document.Problems] where the changed topology would not be valid; t itself
// stays as it was.
func (t *Topology) SetSecurityRule(nsg string, r SecurityRule) (*Topology, error) {
	return validated(t.withSecurityRule(nsg, r))
}

func (t *Topology) withSecurityRule(nsg string, r SecurityRule) (*Topology, error) {
	changed, target, err := t.copyGroup(nsg)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(target.SecurityRules, func(old SecurityRule) bool { return old.Name == r.Name })
	if i < 0 {
		target.SecurityRules = append(target.SecurityRules, r)
		i = len(target.SecurityRules) - 1
	}
	r.normalize()
	target.SecurityRules[i] = r
	return changed, nil
}

// DeleteSecurityRule returns a copy of the topology in which the security
// group has no rule of that name. The default rules cannot be deleted.
//
// The error is a [document.Problem] where there is no such group or rule; t
// itself stays as it was.
func (t *Topology) DeleteSecurityRule(nsg, name string) (*Topology, error) {
	changed, target, err := t.copyGroup(nsg)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(target.SecurityRules, func(r SecurityRule) bool { return r.Name == name })
	if i < 0 {
		known := namesOf(target.SecurityRules, func(r SecurityRule) string { return r.Name })
		return nil, document.Problem{Field: "security rule of " + target.Name, Value: name,
			Message: "there is none of this name", Hint: didYouMean(name, known)}
	}
	target.SecurityRules = absentIfEmpty(slices.Delete(target.SecurityRules, i, i+1))
	return changed, nil
}

// copyGroup copies what lies between the topology and the rules of one
// security group, and shares the rest.
func (t *Topology) copyGroup(name string) (*Topology, *NetworkSecurityGroup, error) {
	changed := *t
	changed.NetworkSecurityGroups = slices.Clone(t.NetworkSecurityGroups)
	target, err := changed.group(name)
	if err != nil {
		return nil, nil, err
	}
	target.SecurityRules = slices.Clone(target.SecurityRules)
	return &changed, target, nil
}
