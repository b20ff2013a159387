package topology

import "net/netip"

// Interfaces returns the network interfaces of all firewalls and then of all
// machines, each in the order of the file. Internet hosts have none: they are
// outside.
func (t *Topology) Interfaces() []NetworkInterface {
	list := make([]NetworkInterface, 0, len(t.AzureFirewalls)+len(t.VirtualMachines))
	for _, f := range t.AzureFirewalls {
		nic := newInterface(f.Name, f.Subnet, f.PrivateIPAddress)
		nic.Forwards, nic.Firewall = true, true
		list = append(list, nic)
	}
	for _, m := range t.VirtualMachines {
		nic := newInterface(m.Name, m.Subnet, m.PrivateIPAddress)
		nic.Forwards = m.EnableIPForwarding
		if m.NetworkSecurityGroup != nil {
			nic.SecurityGroup = m.NetworkSecurityGroup.name()
		}
		list = append(list, nic)
	}
	return list
}

// Interface returns the network interface of the machine or firewall of that
// name, and whether there is one.
func (t *Topology) Interface(owner string) (NetworkInterface, bool) {
	for _, nic := range t.Interfaces() {
		if nic.Owner == owner {
			return nic, true
		}
	}
	return NetworkInterface{}, false
}

// newInterface leaves out what cannot be read; the checks report it.
func newInterface(owner, subnet, address string) NetworkInterface {
	nic := NetworkInterface{Owner: owner}
	nic.Network, nic.Subnet, _ = splitSubnet(subnet)
	nic.Address, _ = netip.ParseAddr(address)
	return nic
}
