package topology

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// smallestSubnet is Azure's: with the reserved addresses taken off, three are
// left in a /29 and none in a /30.
const smallestSubnet = 29

// claim is a prefix that somebody has already.
type claim struct {
	owner  string // in words, for the message
	prefix netip.Prefix
}

func (c *checker) networks() {
	if len(c.t.VirtualNetworks) == 0 {
		c.fail("virtualNetworks", "", "there is no virtual network", "a topology has at least one")
	}
	names := seen{}
	var spaces []claim
	for i, n := range c.t.VirtualNetworks {
		path := fmt.Sprintf("virtualNetworks[%d]", i)
		c.named(names, path+".name", n.Name, "virtual network")
		own := c.addressSpace(path+".addressSpace.addressPrefixes", n, spaces)
		spaces = append(spaces, own...)
		c.subnets(path+".subnets", n, own)
		c.peerings(path+".virtualNetworkPeerings", n)
	}
}

// addressSpace returns the prefixes of n that are good.
func (c *checker) addressSpace(path string, n VirtualNetwork, others []claim) []claim {
	if len(n.AddressSpace.AddressPrefixes) == 0 {
		c.fail(path, "", "the network has no address space", "write prefixes in CIDR form, as in 10.1.0.0/16")
	}
	var own []claim
	for i, text := range n.AddressSpace.AddressPrefixes {
		at := fmt.Sprintf("%s[%d]", path, i)
		p, ok := c.networkPrefix(at, text)
		if !ok || c.overlaps(at, p, others, "Azure does not peer networks that overlap, and the lab delivers by address") ||
			c.overlaps(at, p, own, "leave one of them out") {
			continue
		}
		own = append(own, claim{fmt.Sprintf("the address space %s of network %q", p, n.Name), p})
	}
	return own
}

func (c *checker) overlaps(path string, p netip.Prefix, others []claim, hint string) bool {
	for _, o := range others {
		if o.prefix.Overlaps(p) {
			c.fail(path, p.String(), "the prefix overlaps "+o.owner, hint)
			return true
		}
	}
	return false
}

func (c *checker) subnets(path string, n VirtualNetwork, space []claim) {
	names := seen{}
	var taken []claim
	for i, s := range n.Subnets {
		at := fmt.Sprintf("%s[%d]", path, i)
		c.named(names, at+".name", s.Name, "subnet of the network")
		if p, ok := c.subnetPrefix(at+".addressPrefix", s, n, space); ok {
			if !c.overlaps(at+".addressPrefix", p, taken, "give each subnet addresses of its own") {
				taken = append(taken, claim{fmt.Sprintf("%s of subnet %q", p, s.Name), p})
			}
		}
		if s.RouteTable != nil && c.reference(at+".routeTable.id", s.RouteTable.ID, "route table", c.t.tableNames()) {
			c.gatewayTable(at+".routeTable.id", s)
		}
		if s.NetworkSecurityGroup != nil {
			c.securityGroup(at+".networkSecurityGroup.id", s.NetworkSecurityGroup.ID)
			c.exempt(at+".networkSecurityGroup.id", s)
		}
	}
}

func (c *checker) subnetPrefix(path string, s Subnet, n VirtualNetwork, space []claim) (netip.Prefix, bool) {
	p, ok := c.prefix(path, s.AddressPrefix)
	if !ok {
		return p, false
	}
	if p.Bits() > smallestSubnet {
		c.fail(path, s.AddressPrefix, "the subnet has no usable address",
			fmt.Sprintf("Azure keeps five addresses of each subnet; the smallest is a /%d", smallestSubnet))
	}
	inside := slices.ContainsFunc(space, func(o claim) bool { return containsPrefix(o.prefix, p) })
	// Where a part of the address space is at fault itself, it may be the part
	// that this subnet belongs to.
	if !inside && len(space) == len(n.AddressSpace.AddressPrefixes) {
		c.fail(path, s.AddressPrefix, "the subnet is outside its network's address space",
			"the address space is "+strings.Join(n.AddressSpace.AddressPrefixes, ", "))
	}
	return p, true
}
