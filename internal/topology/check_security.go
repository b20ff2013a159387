package topology

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
)

// Azure's range of priorities; what is above is for its own rules.
const (
	firstPriority = 100
	lastPriority  = 4096
)

func (c *checker) securityGroups() {
	names := seen{}
	for i, g := range c.t.NetworkSecurityGroups {
		path := fmt.Sprintf("networkSecurityGroups[%d]", i)
		c.named(names, path+".name", g.Name, "network security group")
		rules, priorities := seen{}, map[SecurityDirection]seen{}
		for j, r := range g.SecurityRules {
			at := fmt.Sprintf("%s.securityRules[%d]", path, j)
			c.named(rules, at+".name", r.Name, "rule of the group")
			c.securityWords(at, r)
			direction := canonicalWord(r.Direction, directions)
			if priorities[direction] == nil {
				priorities[direction] = seen{}
			}
			c.priority(at+".priority", r.Priority, priorities[direction])
			c.securityPrefixes(at+".sourceAddressPrefix", at+".sourceAddressPrefixes", r.SourceAddressPrefix, r.SourceAddressPrefixes)
			c.securityPrefixes(at+".destinationAddressPrefix", at+".destinationAddressPrefixes", r.DestinationAddressPrefix, r.DestinationAddressPrefixes)
			c.securityPorts(at+".sourcePortRange", at+".sourcePortRanges", r.Protocol, r.SourcePortRange, r.SourcePortRanges)
			c.securityPorts(at+".destinationPortRange", at+".destinationPortRanges", r.Protocol, r.DestinationPortRange, r.DestinationPortRanges)
		}
	}
}

func (c *checker) securityWords(path string, r SecurityRule) {
	checkWord(c, path+".direction", r.Direction, directions, "direction")
	checkWord(c, path+".access", r.Access, accesses, "access")
	checkWord(c, path+".protocol", r.Protocol, protocols, "protocol")
}

func checkWord[W ~string](c *checker, path string, given W, known []W, what string) {
	names := namesOf(known, func(w W) string { return string(w) })
	switch {
	case given == "":
		c.fail(path, "", fmt.Sprintf("the %s is missing", what), knownHere(names))
	case !slices.Contains(known, canonicalWord(given, known)):
		c.fail(path, string(given), fmt.Sprintf("unknown %s", what), didYouMean(string(given), names))
	}
}

func (c *checker) priority(path string, priority int, taken seen) {
	text := strconv.Itoa(priority)
	switch {
	case priority == 0:
		c.fail(path, "", "the priority is missing or 0", fmt.Sprintf("write a number from %d to %d", firstPriority, lastPriority))
	case priority < firstPriority || priority > lastPriority:
		c.fail(path, text, "the priority is out of range", fmt.Sprintf("write a number from %d to %d", firstPriority, lastPriority))
	default:
		c.unique(taken, path, text, "rule of the group and direction")
	}
}

// oneOf reports the values of two fields of which exactly one is to be given,
// each with its path.
func (c *checker) oneOf(path, plural, one string, many []string, each func(path, value string)) {
	switch {
	case one != "" && len(many) > 0:
		c.fail(plural, "", "both the singular and the plural form are given", "leave one of them out")
	case one != "":
		each(path, one)
	case len(many) == 0:
		c.fail(path, "", "the value is missing", `write "*" for all`)
	default:
		for i, value := range many {
			each(fmt.Sprintf("%s[%d]", plural, i), value)
		}
	}
}

func (c *checker) securityPrefixes(path, plural, one string, many []string) {
	c.oneOf(path, plural, one, many, func(at, value string) {
		if tag := canonicalWord(value, tags); slices.Contains(tags, tag) {
			return
		}
		if a, err := netip.ParseAddr(value); err == nil && a.Is4() {
			return
		}
		if isWord(value) {
			c.fail(at, value, "unknown service tag", didYouMean(value, tags))
			return
		}
		c.prefix(at, value)
	})
}

func (c *checker) securityPorts(path, plural string, protocol SecurityProtocol, one string, many []string) {
	c.oneOf(path, plural, one, many, func(at, value string) {
		r, err := parsePorts(value)
		switch {
		case err != nil:
			c.fail(at, value, "not a port, a range of ports or *", `write "443", "8000-8099" or "*"`)
		case canonicalWord(protocol, protocols) == ProtocolICMP && r != allPorts:
			c.warn(at, value, "ICMP has no ports: the rule matches nothing", `write "*"`)
		}
	})
}

// securityGroup checks a reference to a group.
func (c *checker) securityGroup(path, id string) {
	c.reference(path, id, "network security group", c.t.groupNames())
}

// exempt warns of a group where Azure has none.
func (c *checker) exempt(path string, s Subnet) {
	if s.exempt() {
		c.warn(path, s.NetworkSecurityGroup.ID, "a security group has no effect in "+s.Name, "Azure does not support it there; leave it out")
	}
}
