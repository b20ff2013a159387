package network

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/azure/resource"
)

// classicDraft is the policy of a firewall that has its rules in itself.
type classicDraft struct {
	draft *draft
	spot  *spot
}

// classicGroup is where classic rules, which have no groups, are put.
const classicGroup = "ClassicRules"

// classic makes a policy of a firewall's own network rule collections, the way
// of before there were policies. It is false where there are none.
func (b *builder) classic(r *resource.Resource, s *spot) (string, bool) {
	for _, kind := range [][2]string{{"natRuleCollections", "DNAT rules"}, {"applicationRuleCollections", "application rules"}} {
		for _, c := range b.named(s, kind[0]) {
			c.leaveOut(kind[1]+" are not supported yet", "")
		}
	}
	g := &draftGroup{spot: s, Name: classicGroup, Priority: 200}
	for _, c := range b.named(s, "networkRuleCollections") {
		made := &draftCollection{spot: c.spot, Name: c.name, Priority: c.number("priority"), Action: draftAction{c.action()}}
		for _, rule := range b.named(c.spot, "rules") {
			made.add(b.rule(rule, "protocols")...)
		}
		if !c.bad {
			g.Collections = append(g.Collections, made)
		}
	}
	if len(g.Collections) == 0 {
		return "", false
	}
	name := b.free(aPolicy, legal(r.ID.Name()+"-classic", longestName), longestName)
	s.note(resource.Changed, s.body.Get("networkRuleCollections"), "networkRuleCollections", "",
		fmt.Sprintf("the firewall's own rules are written as the policy %s, in the group %s", name, classicGroup), "")
	b.classics = append(b.classics, classicDraft{&draft{Name: name, Groups: []*draftGroup{g}}, s})
	return name, true
}
