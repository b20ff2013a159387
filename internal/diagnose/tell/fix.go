package tell

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/topology"
)

// sayFix puts one way to heal into words and commands.
func (s *subject) sayFix(f diagnose.Fix) Fix {
	l := s.language
	switch {
	case f.Rule != nil:
		return Fix{[]Step{sayRule(f.Rule, l)}}
	case f.Host != nil:
		place := placed{s.placeName(f.Host.Node), f.Host.Value}
		return Fix{[]Step{{Text: execute(l, "host."+string(f.Host.Code), place), Shell: f.Host.Command}}}
	}
	var said Fix
	for _, c := range f.Topology {
		said.Steps = append(said.Steps, Step{Text: execute(l, "change."+changeName(c), c), Azure: c.Azure(), Lab: c.Lab(), File: c.YAML()})
	}
	return said
}

// changeName is the template of a change of the topology.
func changeName(f topology.Fix) string {
	switch f.Kind {
	case topology.FixRoute:
		if f.Delete {
			return "route-delete"
		}
		return "route"
	case topology.FixPeering:
		return "peering"
	case topology.FixSecurityRule:
		return "security"
	}
	return "nic"
}

func sayRule(r *diagnose.RuleFix, l Language) Step {
	if r.New == nil {
		return Step{Text: execute(l, "change.rule-extend", r)}
	}
	return Step{Text: execute(l, "change.rule-new", r), File: ruleYAML(r)}
}

// ruleYAML is the collection to write into the policy's group.
func ruleYAML(r *diagnose.RuleFix) string {
	list := func(values []string) string { return `["` + strings.Join(values, `", "`) + `"]` }
	return fmt.Sprintf(`# ruleCollectionGroups, %s, ruleCollections
- name: %s
  priority: %d
  action: {type: Allow}
  rules:
    - {name: %s, ipProtocols: %s, sourceAddresses: %s, destinationAddresses: %s, destinationPorts: %s}
`, r.Group, r.Collection, r.Priority, r.Rule, list(r.New.IPProtocols), list(r.New.SourceAddresses),
		list(r.New.DestinationAddresses), list(r.New.DestinationPorts))
}
