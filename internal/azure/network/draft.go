package network

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/policy"
)

// A draft is a policy in the form of its file, with the place that each part
// came from.
type (
	draft struct {
		Name   string        `json:"name"`
		Groups []*draftGroup `json:"ruleCollectionGroups"`
	}
	draftGroup struct {
		spot        *spot
		Name        string             `json:"name"`
		Priority    int                `json:"priority"`
		Collections []*draftCollection `json:"ruleCollections"`
	}
	draftCollection struct {
		spot     *spot
		Name     string       `json:"name"`
		Priority int          `json:"priority"`
		Action   draftAction  `json:"action"`
		Rules    []*draftRule `json:"rules"`
	}
	draftAction struct {
		Type string `json:"type"`
	}
	draftRule struct {
		spot         *spot
		Name         string   `json:"name"`
		Description  string   `json:"description,omitempty"`
		Protocols    []string `json:"ipProtocols"`
		Sources      []string `json:"sourceAddresses"`
		Destinations []string `json:"destinationAddresses"`
		Ports        []string `json:"destinationPorts"`
	}
)

func (g *draftGroup) rename(name, reason string) {
	g.spot.note(resource.Changed, nil, "name", g.Name, "the group is called "+name+" here: "+reason, "")
	g.Name = name
}

// finish asks the policy's own reader what is wrong with a draft, and takes out
// what it names, until it reads.
func (b *builder) finish(d *draft, s *spot) {
	for {
		d.tidy()
		p, err := d.parse()
		var problems document.Problems
		switch {
		case err == nil:
			b.files = append(b.files, Policy{File: b.policyFile(d.Name), Policy: p})
			return
		case !errors.As(err, &problems) || !d.cut(problems):
			s.leaveOut("it makes no policy: "+err.Error(), "")
			b.dropPolicy(b.policyFile(d.Name))
			return
		}
	}
}

// dropPolicy leaves firewalls without the policy that could not be made.
func (b *builder) dropPolicy(file string) {
	for i, f := range b.t.AzureFirewalls {
		if f.FirewallPolicy != nil && f.FirewallPolicy.ID == file {
			b.t.AzureFirewalls[i].FirewallPolicy = nil
		}
	}
}

func (d *draft) parse() (*policy.Policy, error) {
	data, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return nil, err
	}
	p, _, err := policy.Parse(d.Name, data)
	return p, err
}

// tidy removes what has become empty, so that nothing stands for everything,
// and makes absent lists empty ones.
func (d *draft) tidy() {
	for _, g := range d.Groups {
		g.Collections = slices.DeleteFunc(g.Collections, func(c *draftCollection) bool { return len(c.Rules) == 0 })
	}
	d.Groups = slices.DeleteFunc(d.Groups, func(g *draftGroup) bool { return len(g.Collections) == 0 })
	if d.Groups == nil {
		d.Groups = []*draftGroup{}
	}
}

// place is the path of a problem: a group, a collection, a rule, a value of
// one of its lists.
var place = regexp.MustCompile(`^ruleCollectionGroups\[(\d+)\](?:\.ruleCollections\[(\d+)\](?:\.rules\[(\d+)\](?:\.(\w+)(?:\[(\d+)\])?)?)?)?`)

// cut takes out what the problems name, and tells why. It is false where
// nothing could be. Problems come in the order of the file; taking out from the
// end keeps the places of the others.
func (d *draft) cut(problems document.Problems) bool {
	any := false
	for _, p := range slices.Backward(problems) {
		m := place.FindStringSubmatch(p.Field)
		if m == nil {
			continue
		}
		at := [4]int{-1, -1, -1, -1}
		for i, group := range []int{1, 2, 3, 5} {
			if m[group] != "" {
				at[i], _ = strconv.Atoi(m[group])
			}
		}
		any = d.cutAt(at, m[4], p) || any
	}
	return any
}

func (d *draft) cutAt(at [4]int, field string, p document.Problem) bool {
	if at[0] >= len(d.Groups) {
		return false
	}
	g := d.Groups[at[0]]
	if at[1] < 0 {
		g.spot.leaveOutFor(p)
		d.Groups = slices.Delete(d.Groups, at[0], at[0]+1)
		return true
	}
	if at[1] >= len(g.Collections) {
		return false
	}
	c := g.Collections[at[1]]
	if at[2] < 0 {
		c.spot.leaveOutFor(p)
		g.Collections = slices.Delete(g.Collections, at[1], at[1]+1)
		return true
	}
	if at[2] >= len(c.Rules) {
		return false
	}
	r := c.Rules[at[2]]
	if list := r.list(field); list != nil && 0 <= at[3] && at[3] < len(*list) && len(*list) > 1 {
		r.spot.note(resource.Changed, nil, field, p.Value, "the rule is without this value: "+p.Message, "")
		*list = slices.Delete(*list, at[3], at[3]+1)
		return true
	}
	r.spot.leaveOutFor(p)
	c.Rules = slices.Delete(c.Rules, at[2], at[2]+1)
	return true
}

// list is the list of a rule's values of that name.
func (r *draftRule) list(field string) *[]string {
	switch field {
	case "ipProtocols":
		return &r.Protocols
	case "sourceAddresses":
		return &r.Sources
	case "destinationAddresses":
		return &r.Destinations
	case "destinationPorts":
		return &r.Ports
	}
	return nil
}

// leaveOutFor leaves out what a problem of the result is about.
func (s *spot) leaveOutFor(p document.Problem) {
	s.note(resource.LeftOut, nil, lastField(p.Field), p.Value, p.Message, "")
}
