package topology

import "net/netip"

// NextHop returns the route that a packet to dst takes when a network
// interface of the subnet sends it: of the active routes that contain dst, the
// one with the longest prefix. It is false where the subnet or dst's address
// family is unknown; every IPv4 address has a route.
//
// A next hop of None or of an address that nobody has is a route as well: the
// packet takes it and is lost.
func (t *Topology) NextHop(network, subnet string, dst netip.Addr) (EffectiveRoute, bool) {
	routes, err := t.EffectiveRoutes(network, subnet)
	if err != nil {
		return EffectiveRoute{}, false
	}
	dst = dst.Unmap()
	var best EffectiveRoute
	found := false
	for _, r := range routes { // short prefixes first
		if r.State == Active && r.AddressPrefix.Contains(dst) {
			best, found = r, true
		}
	}
	return best, found
}
