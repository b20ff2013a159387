package topology

import (
	"fmt"
	"net/netip"
)

func (c *checker) internet() {
	if c.t.Internet == nil {
		return
	}
	for i, h := range c.t.Internet.Hosts {
		path := fmt.Sprintf("internet.hosts[%d]", i)
		c.node(path+".name", h.Name)
		c.services(path+".services", h.Services)
		a, ok := c.address(path+".address", h.Address, publicHint)
		if ok && c.unique(c.hosts, path+".address", h.Address, "host") && c.outside(path+".address", a, publicHint()) {
			c.public(path+".address", a)
		}
	}
}

func publicHint() string { return "write a public address, as in 203.0.113.10" }

// outside checks that an address can be reached at all, and is in no network.
func (c *checker) outside(path string, a netip.Addr, hint string) bool {
	for _, p := range refused {
		if p.Contains(a) {
			c.fail(path, a.String(), fmt.Sprintf("no host can have an address of %s", p), hint)
			return false
		}
	}
	for _, n := range c.t.VirtualNetworks {
		prefixes, _ := n.prefixes() // what cannot be read is reported elsewhere
		for _, p := range prefixes {
			if p.Contains(a) {
				c.fail(path, a.String(), fmt.Sprintf("the address belongs to network %q", n.Name), hint)
				return false
			}
		}
	}
	return true
}

// public warns of an address to which the next hop Internet may not lead.
func (c *checker) public(path string, a netip.Addr) {
	for _, p := range unroutable {
		if p.Contains(a) {
			c.warn(path, a.String(), fmt.Sprintf("a private address: subnets with a system route to None for %s do not reach it", p), publicHint())
			return
		}
	}
}
