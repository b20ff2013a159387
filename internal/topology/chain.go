package topology

import (
	"cmp"
	"slices"
)

// Limits of the search for a way: hub, hub is the longest that is built.
const (
	longestChain = 2
	maxChains    = 4
)

// chains finds ways from one end to the other over firewalls and appliances,
// and gateways at the edge of the premises; the shortest first, and firewalls
// before machines. Each is a list of nodes with both ends.
func (m *remedy) chains() [][]*node {
	from, to := m.nodes[m.from.Address], m.nodes[m.to.Address]
	if from == nil || to == nil {
		return nil
	}
	start := []*node{from}
	if from.kind == PremisesNode {
		start = append(start, from.via)
	}
	relays := slices.Clone(m.forwarded)
	slices.SortStableFunc(relays, func(a, b *node) int { return cmp.Compare(a.kind, b.kind) }) // firewall, machine
	var found [][]*node
	level := [][]*node{start}
	for range longestChain + 1 {
		var longer [][]*node
		for _, chain := range level {
			if ends := m.ending(chain[len(chain)-1], to); ends != nil {
				found = append(found, slices.Concat(chain, ends))
			}
			longer = append(longer, extended(chain, relays)...)
		}
		level = longer
	}
	return found[:min(len(found), maxChains)]
}

// extended adds each relay that the last node of a chain reaches.
func extended(chain, relays []*node) [][]*node {
	var list [][]*node
	last := chain[len(chain)-1]
	for _, n := range relays {
		if !slices.Contains(chain, n) && last.place.network.reaches(n.place.network) {
			list = append(list, append(slices.Clip(chain), n))
		}
	}
	return list
}

// ending is how a node reaches the end by itself: directly, or through a
// gateway; nil where it cannot.
func (m *remedy) ending(n, to *node) []*node {
	if to.kind != PremisesNode {
		if n.place.network.reaches(to.place.network) {
			return []*node{to}
		}
		return nil
	}
	if n.kind == GatewayNode && m.knows(n, to.address) {
		return []*node{to}
	}
	g := m.gatewayFor(n.place.network, &EffectiveRoute{NextHopType: ToGateway}, to.address)
	if g != nil && m.knows(g, to.address) {
		return []*node{g, to}
	}
	return nil
}
