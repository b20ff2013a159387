package network

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/topology"
)

func (b *builder) securityGroups() {
	for _, r := range b.catalog.of(groupType) {
		b.used[r] = true
		s := b.spot(r)
		group := topology.NetworkSecurityGroup{Name: b.name(aGroup, r)}
		for _, p := range b.parts(r, s, rulesField) {
			if rule, ok := b.securityRule(p); ok {
				b.came(p.spot, "networkSecurityGroups", group.Name, rulesField, rule.Name)
				group.SecurityRules = append(group.SecurityRules, rule)
			}
		}
		if !s.bad {
			b.came(s, "networkSecurityGroups", group.Name)
			b.t.NetworkSecurityGroups = append(b.t.NetworkSecurityGroups, group)
		}
	}
	for _, r := range b.catalog.of(asgType) {
		b.used[r] = true
	}
}

func (b *builder) securityRule(p part) (topology.SecurityRule, bool) {
	r := topology.SecurityRule{
		Name:      legal(p.name, longestName),
		Priority:  p.number("priority"),
		Direction: topology.SecurityDirection(p.text("direction")),
		Access:    topology.SecurityAccess(p.text("access")),
		Protocol:  topology.SecurityProtocol(p.text("protocol")),
	}
	r.SourceAddressPrefix, r.SourceAddressPrefixes = b.side(p, "sourceAddressPrefix", "sourceAddressPrefixes", "sourceApplicationSecurityGroups")
	r.DestinationAddressPrefix, r.DestinationAddressPrefixes = b.side(p, "destinationAddressPrefix", "destinationAddressPrefixes", "destinationApplicationSecurityGroups")
	r.SourcePortRange, r.SourcePortRanges = oneOrMany(p.text("sourcePortRange"), p.texts("sourcePortRanges"))
	r.DestinationPortRange, r.DestinationPortRanges = oneOrMany(p.text("destinationPortRange"), p.texts("destinationPortRanges"))
	return r, !p.bad
}

// side is the addresses of one side of a rule. Application security groups
// become the addresses of the interfaces that are in them.
func (b *builder) side(p part, one, many, groups string) (string, []string) {
	ids := p.ids(groups)
	if len(ids) == 0 {
		single, list := oneOrMany(p.text(one), p.texts(many))
		return anyIfDefault(single), list
	}
	var addresses []string
	for _, id := range ids {
		addresses = append(addresses, b.members(id)...)
	}
	if len(addresses) == 0 {
		p.leaveOut("no interface of these files is in its application security groups", hintFor(nicType))
		return "", nil
	}
	p.note(resource.Changed, p.body.Get(groups), groups, "", "the groups are written as the addresses that are in them now: "+strings.Join(addresses, ", "), "")
	return "", addresses
}

// oneOrMany is a field that Azure has in singular and plural, of which one
// counts; exports write the other as well, empty.
func oneOrMany(one string, many []string) (string, []string) {
	if len(many) > 0 {
		return "", many
	}
	return one, nil
}

// anyIfDefault writes the prefix for all addresses as the sign for it.
func anyIfDefault(prefix string) string {
	if prefix == "0.0.0.0/0" {
		return topology.Any
	}
	return prefix
}

// members lists the addresses of the interfaces in an application security
// group.
func (b *builder) members(id string) []string {
	group, ok := resource.ParseID(id)
	if !ok {
		return nil
	}
	var addresses []string
	for _, r := range b.catalog.of(nicType) {
		address, known := b.addresses[r]
		if !known || slices.Contains(addresses, address) {
			continue
		}
		for _, c := range b.spot(r).items("ipConfigurations") {
			if slices.ContainsFunc(c.ids("applicationSecurityGroups"), func(text string) bool {
				member, ok := resource.ParseID(text)
				return ok && member.Matches(group)
			}) {
				addresses = append(addresses, address)
				break
			}
		}
	}
	return addresses
}
