package topology

import "slices"

// connected reports whether the remote network has the other half of the
// peering.
func (t *Topology) connected(n *VirtualNetwork, p Peering) bool {
	remote := t.network(p.RemoteVirtualNetwork.name())
	return remote != nil && slices.ContainsFunc(remote.VirtualNetworkPeerings, func(back Peering) bool {
		return back.RemoteVirtualNetwork.name() == n.Name
	})
}

func (p Peering) access() bool {
	return p.AllowVirtualNetworkAccess == nil || *p.AllowVirtualNetworkAccess
}

// forwards reports whether the network accepts over its half of the peering
// what the remote network only forwards.
func (p Peering) forwards() bool {
	return p.AllowForwardedTraffic == nil || *p.AllowForwardedTraffic
}

// lends reports whether n may use the gateways of the remote network: both
// halves must say so.
func (t *Topology) lends(n *VirtualNetwork, p Peering) bool {
	remote := t.network(p.RemoteVirtualNetwork.name())
	return p.UseRemoteGateways && remote != nil &&
		slices.ContainsFunc(remote.VirtualNetworkPeerings, func(back Peering) bool {
			return back.RemoteVirtualNetwork.name() == n.Name && back.AllowGatewayTransit
		})
}
