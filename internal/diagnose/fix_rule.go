package diagnose

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
)

// RuleFix changes a firewall's policy so that it allows one connection: it adds
// a value to a field of a rule, or it adds a rule in a collection of its own.
type RuleFix struct {
	Firewall   string `json:"firewall"`
	Policy     string `json:"policy"`
	Group      string `json:"ruleCollectionGroup"`
	Collection string `json:"ruleCollection"`
	Rule       string `json:"rule"`
	// Field and Add extend the rule; empty where it is a new one.
	Field string `json:"field,omitempty"`
	Add   string `json:"add,omitempty"`
	// New is the new rule, GroupPriority and Priority those of the group and
	// the collection that are made for it; GroupPriority is 0 where the group
	// is there.
	New           *NewRule `json:"new,omitempty"`
	GroupPriority int      `json:"groupPriority,omitempty"`
	Priority      int      `json:"collectionPriority,omitempty"`
}

// NewRule has the fields of a network rule, as policy files write them.
type NewRule struct {
	IPProtocols          []string `json:"ipProtocols"`
	SourceAddresses      []string `json:"sourceAddresses"`
	DestinationAddresses []string `json:"destinationAddresses"`
	DestinationPorts     []string `json:"destinationPorts"`

	rule policy.NetworkRule
}

// Apply returns a copy of the policy with the change made.
func (f *RuleFix) Apply(p *policy.Policy) (*policy.Policy, error) {
	if f.New != nil {
		return f.insert(p)
	}
	return f.extend(p)
}

// extend adds the value to the rule's field.
func (f *RuleFix) extend(p *policy.Policy) (*policy.Policy, error) {
	changed := *p
	changed.Groups = slices.Clone(p.Groups)
	for i := range changed.Groups {
		g := &changed.Groups[i]
		if g.Name != f.Group {
			continue
		}
		g.Collections = slices.Clone(g.Collections)
		for j := range g.Collections {
			c := &g.Collections[j]
			k := slices.IndexFunc(c.Rules, func(r policy.NetworkRule) bool { return r.Name == f.Rule })
			if c.Name != f.Collection || k < 0 {
				continue
			}
			c.Rules = slices.Clone(c.Rules)
			if err := f.addTo(&c.Rules[k]); err != nil {
				return nil, err
			}
			return &changed, nil
		}
	}
	return nil, fmt.Errorf("find rule %s in collection %s of group %s: policy %s has none", f.Rule, f.Collection, f.Group, p.Name)
}

// addTo adds to one field of a rule. Reading the value is the policy's matter,
// so a rule with the value alone is read and its field taken over.
func (f *RuleFix) addTo(r *policy.NetworkRule) error {
	value := NewRule{[]string{"Any"}, []string{"*"}, []string{"*"}, []string{"*"}, policy.NetworkRule{}}
	switch f.Field {
	case portsField:
		value.DestinationPorts = []string{f.Add}
	case protocolsField:
		value.IPProtocols = []string{f.Add}
	case destinationsField:
		value.DestinationAddresses = []string{f.Add}
	case sourcesField:
		value.SourceAddresses = []string{f.Add}
	default:
		return fmt.Errorf("extend rule %s: it has no field %q", f.Rule, f.Field)
	}
	read, err := value.read("extension")
	if err != nil {
		return err
	}
	switch f.Field {
	case portsField:
		r.Ports = append(slices.Clone(r.Ports), read.Ports...)
	case protocolsField:
		r.Protocols = append(slices.Clone(r.Protocols), read.Protocols...)
	case destinationsField:
		r.Destinations = append(slices.Clone(r.Destinations), read.Destinations...)
	case sourcesField:
		r.Sources = append(slices.Clone(r.Sources), read.Sources...)
	}
	return nil
}

// insert adds the rule in a collection of its own.
func (f *RuleFix) insert(p *policy.Policy) (*policy.Policy, error) {
	rule, err := f.New.read(f.Rule)
	if err != nil {
		return nil, err
	}
	collection := policy.RuleCollection{Name: f.Collection, Priority: f.Priority, Action: policy.Allow, Rules: []policy.NetworkRule{rule}}
	changed := *p
	changed.Groups = slices.Clone(p.Groups)
	i := slices.IndexFunc(changed.Groups, func(g policy.RuleCollectionGroup) bool { return g.Name == f.Group })
	if i < 0 {
		if f.GroupPriority == 0 {
			return nil, fmt.Errorf("find group %s: policy %s has none", f.Group, p.Name)
		}
		changed.Groups = append(changed.Groups, policy.RuleCollectionGroup{Name: f.Group, Priority: f.GroupPriority})
		i = len(changed.Groups) - 1
	}
	changed.Groups[i].Collections = append(slices.Clone(changed.Groups[i].Collections), collection)
	return &changed, nil
}

// read makes the rule of its words, by the reader of policy files.
func (n *NewRule) read(name string) (policy.NetworkRule, error) {
	if len(n.rule.Ports) > 0 {
		n.rule.Name = name
		return n.rule, nil
	}
	quote := func(list []string) string { return `["` + strings.Join(list, `","`) + `"]` }
	text := fmt.Sprintf("name: p\nruleCollectionGroups: [{name: g, priority: 100, ruleCollections: [{name: c, priority: 100, action: {type: Allow}, "+
		"rules: [{name: r, ipProtocols: %s, sourceAddresses: %s, destinationAddresses: %s, destinationPorts: %s}]}]}]",
		quote(n.IPProtocols), quote(n.SourceAddresses), quote(n.DestinationAddresses), quote(n.DestinationPorts))
	p, _, err := policy.Parse("rule "+name, []byte(text))
	if err != nil {
		return policy.NetworkRule{}, fmt.Errorf("read rule %s: %w", name, err)
	}
	n.rule = p.Groups[0].Collections[0].Rules[0]
	n.rule.Name = name
	return n.rule, nil
}

var errNotAllowed = errors.New("allow the connection: the changed policy still denies it")

// prove applies the fix and asks the changed policy.
func (f *RuleFix) prove(p *policy.Policy, t flow.Tuple) error {
	changed, err := f.Apply(p)
	if err != nil {
		return err
	}
	if decide(changed, t).Action != policy.Allow {
		return errNotAllowed
	}
	return nil
}
