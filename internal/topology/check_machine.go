package topology

import (
	"fmt"
	"net/netip"
)

// The names that Azure demands for the subnets of firewalls and gateways.
const (
	firewallSubnet = "AzureFirewallSubnet"
	gatewaySubnet  = "GatewaySubnet"
)

func (c *checker) interfaces() {
	addresses := seen{}
	for i, f := range c.t.AzureFirewalls {
		path := fmt.Sprintf("azureFirewalls[%d]", i)
		c.node(path+".name", f.Name)
		c.place(path, f.Subnet, f.PrivateIPAddress, addresses)
		if _, subnet, ok := splitSubnet(f.Subnet); ok && subnet != firewallSubnet {
			c.warn(path+".subnet", f.Subnet, "Azure puts a firewall only in a subnet of the name "+firewallSubnet,
				"give the firewall a subnet of its own")
		}
		if f.FirewallPolicy != nil {
			c.policy(path+".firewallPolicy.id", f.FirewallPolicy.ID)
		}
	}
	for i, m := range c.t.VirtualMachines {
		path := fmt.Sprintf("virtualMachines[%d]", i)
		c.node(path+".name", m.Name)
		c.place(path, m.Subnet, m.PrivateIPAddress, addresses)
		c.services(path+".services", m.Services)
		if m.NetworkSecurityGroup != nil {
			c.securityGroup(path+".networkSecurityGroup.id", m.NetworkSecurityGroup.ID)
		}
	}
}

// policy checks the name of a policy file, not the file.
func (c *checker) policy(path, file string) {
	if file == "" {
		c.fail(path, "", "the policy file is not named",
			"write its path from the topology's folder, or leave firewallPolicy out to deny everything")
	}
	c.text(path, file)
}

// place checks where an interface is: its subnet, and its address there.
func (c *checker) place(path, subnet, address string, taken seen) {
	prefix, known := c.subnetOf(path+".subnet", subnet)
	path += ".privateIPAddress"
	a, ok := c.address(path, address, func() string { return c.freeHint(prefix) })
	if !ok {
		return
	}
	switch {
	case !c.unique(taken, path, address, "interface"):
	case !known:
	case !prefix.Contains(a):
		c.fail(path, address, fmt.Sprintf("the address is outside its subnet %s", prefix), c.freeHint(prefix))
	case !usable(prefix, a):
		c.fail(path, address, fmt.Sprintf("Azure keeps this address of subnet %s for itself", prefix), c.freeHint(prefix))
	}
}

// subnetOf returns the prefix of the subnet that ref names. It is false, without
// a problem, where the subnet's own prefix is at fault.
func (c *checker) subnetOf(path, ref string) (netip.Prefix, bool) {
	network, name, ok := splitSubnet(ref)
	if !ok {
		c.fail(path, ref, `the subnet is not in the form "network/subnet"`, didYouMean(ref, c.subnetsNamed(ref)))
		return netip.Prefix{}, false
	}
	n := c.t.network(network)
	if n == nil {
		c.fail(path, ref, fmt.Sprintf("there is no virtual network %q", network), didYouMean(network, c.t.networkNames()))
		return netip.Prefix{}, false
	}
	s := n.subnet(name)
	if s == nil {
		c.fail(path, ref, fmt.Sprintf("network %q has no subnet %q", network, name), didYouMean(name, n.subnetNames()))
		return netip.Prefix{}, false
	}
	p, err := netip.ParsePrefix(s.AddressPrefix)
	if err != nil || !p.Addr().Is4() || p.Bits() > smallestSubnet {
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

// subnetsNamed lists the subnets of that name in all networks, or all subnets.
func (c *checker) subnetsNamed(name string) []string {
	var named, all []string
	for _, n := range c.t.VirtualNetworks {
		for _, s := range n.Subnets {
			full := n.Name + "/" + s.Name
			all = append(all, full)
			if s.Name == name {
				named = append(named, full)
			}
		}
	}
	if len(named) > 0 {
		return named
	}
	return all
}

func (c *checker) freeHint(subnet netip.Prefix) string {
	if !subnet.IsValid() {
		return ""
	}
	a, ok := c.firstFree(subnet)
	if !ok {
		return fmt.Sprintf("%s has no free address", subnet)
	}
	return fmt.Sprintf("%s is free", a)
}
