package network

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
)

// collection reads a rule collection; nil where nothing of it is supported.
func (b *builder) collection(c part) *draftCollection {
	if kind := c.text("ruleCollectionType"); strings.EqualFold(kind, "FirewallPolicyNatRuleCollection") {
		c.leaveOut("DNAT rules are not supported yet", "")
		return nil
	}
	made := &draftCollection{spot: c.spot, Name: c.name, Priority: c.number("priority"), Action: draftAction{c.action()}}
	for _, r := range b.named(c.spot, "rules") {
		switch kind := r.text("ruleType"); {
		case strings.EqualFold(kind, "NetworkRule") || kind == "":
			made.add(b.rule(r, "ipProtocols")...)
		case strings.EqualFold(kind, "ApplicationRule"):
			r.leaveOut("application rules are not supported yet", "")
		default:
			r.leaveOut(fmt.Sprintf("rules of the type %s are not supported yet", kind), "")
		}
	}
	if c.bad {
		return nil
	}
	return made
}

// action is the type of an action, Allow or Deny.
func (s *spot) action() string {
	n := s.body.Find("action", "type")
	if n == nil {
		return ""
	}
	if strings.EqualFold(n.Text, "allow") {
		return "Allow"
	}
	if strings.EqualFold(n.Text, "deny") {
		return "Deny"
	}
	return n.Text
}

// add adds rules, with other names where theirs are taken: names tell rules
// apart in the logs.
func (c *draftCollection) add(rules ...*draftRule) {
	for _, r := range rules {
		own := r.Name
		for i := 2; slices.ContainsFunc(c.Rules, func(o *draftRule) bool { return strings.EqualFold(o.Name, r.Name) }); i++ {
			r.Name = fmt.Sprintf("%s-%d", own, i)
		}
		if r.Name != own {
			r.spot.note(resource.Changed, nil, "name", own, fmt.Sprintf("the rule is called %s here: the collection has another one of this name", r.Name), "")
		}
		c.Rules = append(c.Rules, r)
	}
}

// rule reads a network rule. ICMP in a rule with ports becomes a rule of its
// own, because it has none.
func (b *builder) rule(p part, protocols string) []*draftRule {
	r := &draftRule{
		spot: p.spot, Name: p.name, Description: p.text("description"), Protocols: p.texts(protocols),
		Sources:      b.hosts(p, "sourceAddresses", "sourceIpGroups"),
		Destinations: b.hosts(p, "destinationAddresses", "destinationIpGroups"),
		Ports:        ports(p.texts("destinationPorts")),
	}
	if names := p.texts("destinationFqdns"); len(names) > 0 {
		if len(r.Destinations) == 0 {
			p.leaveOut("names as destinations are not supported yet: "+strings.Join(names, ", "), "write their addresses into the rule")
		} else {
			p.note(resource.Changed, p.body.Get("destinationFqdns"), "destinationFqdns", strings.Join(names, ", "),
				"the rule is without these names: they are not supported yet", "write their addresses into the rule")
		}
	}
	if p.bad {
		return nil
	}
	isICMP := func(protocol string) bool { return strings.EqualFold(protocol, "ICMP") }
	if slices.Contains(r.Ports, "*") || !slices.ContainsFunc(r.Protocols, isICMP) {
		return []*draftRule{r}
	}
	return b.splitICMP(r, isICMP)
}

func (b *builder) splitICMP(r *draftRule, isICMP func(string) bool) []*draftRule {
	icmp := *r
	icmp.Protocols, icmp.Ports = []string{"ICMP"}, []string{"*"}
	r.Protocols = slices.DeleteFunc(r.Protocols, isICMP)
	if len(r.Protocols) == 0 {
		r.spot.note(resource.Changed, nil, "destinationPorts", strings.Join(r.Ports, ", "), "ICMP has no ports: the rule is for all of it", "")
		return []*draftRule{&icmp}
	}
	icmp.Name += "-icmp"
	r.spot.note(resource.Changed, nil, "ipProtocols", "ICMP", "ICMP has no ports: it has a rule of its own, "+icmp.Name, "")
	return []*draftRule{r, &icmp}
}

// hosts is the addresses of one side of a rule, with those of its IP groups.
func (b *builder) hosts(p part, field, groups string) []string {
	addresses := p.texts(field)
	for _, id := range p.references(groups) {
		r, err := b.catalog.resolve(p.file, id, ipGroupType)
		if err != nil {
			p.leaveOut("its "+err.Error(), hintFor(ipGroupType))
			return nil
		}
		b.used[r] = true
		members := b.spot(r).texts("ipAddresses")
		if len(members) == 0 {
			p.leaveOut(fmt.Sprintf("the IP group %s is empty: Azure skips the rule", r.ID.Name()), "")
			return nil
		}
		addresses = append(addresses, members...)
	}
	for i, text := range addresses {
		if prefix, err := netip.ParsePrefix(text); err == nil && prefix != prefix.Masked() {
			addresses[i] = prefix.Masked().String()
			p.note(resource.Changed, nil, field, text, "the prefix is written as "+addresses[i], "")
		}
	}
	return addresses
}

// references returns the ids of a list of them, which are strings or objects.
func (s *spot) references(field string) []string {
	if list := s.body.Get(field); list != nil && len(list.Items) > 0 && list.Items[0].Get("id") != nil {
		return s.ids(field)
	}
	return s.texts(field)
}

// ports writes all ports as "*", however they are given.
func ports(list []string) []string {
	for _, text := range list {
		if text == "*" || text == "0-65535" || text == "1-65535" {
			return []string{"*"}
		}
	}
	return list
}
