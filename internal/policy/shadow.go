package policy

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/document"
)

// idle warns of rules that can never match: because no packet has such a source
// and such a destination, or because one earlier rule matches all that they
// would.
func (r *reader) idle(p *Policy) document.Problems {
	var warnings document.Problems
	places := r.placesByName(p)
	warn := func(rule *Rule, message, hint string) {
		warning := r.doc.Problem(places[nameOf(rule)]+".name", rule.Name, message, hint)
		warning.Warning = true
		warnings = append(warnings, warning)
	}
	rules := p.Rules()
	for i := range rules {
		rule := &rules[i]
		if len(rule.Sources) == 0 {
			warn(rule, "the rule matches nothing: its sources and destinations have no address family in common",
				`write addresses of one family on both sides, or "*"`)
		} else if first := shadow(rule, rules[:i]); first != nil {
			warn(rule, fmt.Sprintf("the rule never matches: %q on line %d comes first and matches all that it would (%s)",
				first.Name, r.doc.Line(places[nameOf(first)]), first.Action), "")
		}
	}
	return warnings
}

// shadow is the first of the earlier rules that matches all that a rule would;
// nil where none does.
func shadow(rule *Rule, earlier []Rule) *Rule {
	for i := range earlier {
		if earlier[i].covers(rule) {
			return &earlier[i]
		}
	}
	return nil
}

// fullName tells a rule from all others of its policy.
type fullName struct{ group, collection, rule string }

func nameOf(r *Rule) fullName { return fullName{r.Group, r.Collection, r.Name} }

// placesByName finds the path of each rule: reading met them in the order of
// the file, in which they still stand in the policy.
func (r *reader) placesByName(p *Policy) map[fullName]string {
	places := map[fullName]string{}
	for _, g := range p.Groups {
		for _, c := range g.Collections {
			for _, rule := range c.Rules {
				places[fullName{g.Name, c.Name, rule.Name}] = r.places[len(places)]
			}
		}
	}
	return places
}
