package policy

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/document"
)

// shadowed warns of rules that can never match, because one earlier rule
// matches all that they would.
func (r *reader) shadowed(p *Policy) document.Problems {
	var warnings document.Problems
	places := r.placesByName(p)
	rules := p.Rules()
	for i := range rules {
		for j := range rules[:i] {
			if !rules[j].covers(&rules[i]) {
				continue
			}
			warning := r.doc.Problem(places[nameOf(&rules[i])]+".name", rules[i].Name, fmt.Sprintf(
				"the rule never matches: %q on line %d comes first and matches all that it would (%s)",
				rules[j].Name, r.doc.Line(places[nameOf(&rules[j])]), rules[j].Action), "")
			warning.Warning = true
			warnings = append(warnings, warning)
			break
		}
	}
	return warnings
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
