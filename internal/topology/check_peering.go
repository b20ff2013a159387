package topology

import "fmt"

func (c *checker) peerings(path string, n VirtualNetwork) {
	names, remotes, users := seen{}, seen{}, seen{}
	for i, p := range n.VirtualNetworkPeerings {
		at := fmt.Sprintf("%s[%d]", path, i)
		c.named(names, at+".name", p.Name, "peering of the network")
		if c.reference(at+".remoteVirtualNetwork.id", p.RemoteVirtualNetwork.ID, "virtual network", c.t.networkNames()) {
			c.remote(at+".remoteVirtualNetwork.id", n, p, remotes)
		}
		if p.UseRemoteGateways {
			c.remoteGateways(at+".useRemoteGateways", n, p, users)
		}
	}
}

// remote checks the network at the other end of a peering.
func (c *checker) remote(path string, n VirtualNetwork, p Peering, remotes seen) {
	id := p.RemoteVirtualNetwork.ID
	name := p.RemoteVirtualNetwork.name()
	switch {
	case name == n.Name:
		c.fail(path, id, "a network cannot be peered with itself", "name another network")
	case !c.unique(remotes, path, name, "peering of the network"):
	case !c.t.connected(&n, p):
		c.warn(path, id, "the peering has no other half and carries nothing",
			fmt.Sprintf("give network %q a peering with %q; until then Azure calls this one Initiated", name, n.Name))
	}
}

// remoteGateways checks that the network at the other end has gateways and
// lends them. Azure refuses what is half done; here it is the warning that a
// fault of this kind deserves.
func (c *checker) remoteGateways(path string, n VirtualNetwork, p Peering, users seen) {
	remote := p.RemoteVirtualNetwork.name()
	switch {
	case len(c.t.gatewaysIn(n.Name)) > 0:
		c.fail(path, "true", "the network has a gateway of its own", "Azure allows one or the other; remove one")
	case !c.unique(users, path, "true", "peering of the network"):
	case c.t.network(remote) == nil || !c.t.connected(&n, p): // has a problem already
	case len(c.t.gatewaysIn(remote)) == 0:
		c.warn(path, "true", fmt.Sprintf("network %q has no gateway", remote), "add one to virtualNetworkGateways")
	case !c.t.lends(&n, p):
		c.warn(path, "true", fmt.Sprintf("network %q does not lend its gateways", remote),
			"write allowGatewayTransit: true at its half of the peering")
	}
}
