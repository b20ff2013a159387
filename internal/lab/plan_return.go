package lab

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/topology"
)

// internetLink is the fabric's end of the internet's eth0.
const internetLink = "internet"

// internetNeighbour is what a packet to the internet is handed to. The
// address is on no interface; it only carries the MAC address.
var internetNeighbour = neighbour{internetLink, netip.AddrFrom4([4]byte{169, 254, 1, 2})}

// addReturns adds the ways back from the internet: a table for each host, with
// a route for each node, because the way out can depend on both.
func (p planner) addReturns(to *plan) {
	table := returnTables
	for _, host := range p.nodes {
		if host.Kind != Host || host.Gateway != "" {
			continue
		}
		to.tables[table] = p.returnRoutes(host.Address)
		to.rules = append(to.rules, rule{priority: returnRules, link: internetLink, from: host.Address, table: table})
		table++
	}
}

func (p planner) returnRoutes(host netip.Addr) []route {
	routes := []route{{prefix: everywhere, kind: unix.RTN_BLACKHOLE}}
	for _, n := range p.nodes {
		enters := n
		if n.Kind == Host {
			enters, _ = onPremises(p.nodes, n)
		}
		if n.Kind == Gateway || enters.Kind == "" {
			continue // has no address; or a host of the internet itself
		}
		if enters = p.exit(enters, n.Address, host); enters.Kind == Gateway {
			continue // a gateway has no way to the internet, so none leads back
		}
		routes = append(routes, route{netip.PrefixFrom(n.Address, 32), unix.RTN_UNICAST, enters.neighbour()})
	}
	return routes
}

// exit follows a packet of a source from a node to an internet host and returns the node
// that hands it to the internet, which is where Azure's translated replies
// come back to. Where the packet gets lost on the way it is the node itself:
// what a host sends without being asked arrives.
func (p planner) exit(from Node, source, host netip.Addr) Node {
	at := from
	for range p.nodes { // whoever needs more hops goes in circles
		r, ok := p.topology.NextHop(at.Network, at.Subnet, host)
		if !ok {
			return from
		}
		switch r.NextHopType {
		case topology.ToInternet:
			return at
		case topology.VirtualAppliance:
			next, ok := p.appliance(at.Network, r.NextHopIPAddress)
			if !ok || !next.Forwards || p.refuses(next.Network, at, source) {
				return from
			}
			at = next
		default:
			return from
		}
	}
	return from
}

// refuses reports whether a network does not accept a packet that another one's
// node forwards, as peeringRules has it.
func (p planner) refuses(network string, at Node, source netip.Addr) bool {
	if network == at.Network || at.Kind == Gateway {
		return false
	}
	own, err := prefixesOf(p.topology, at.Network)
	if err != nil || slices.ContainsFunc(own, func(o netip.Prefix) bool { return o.Contains(source) }) {
		return false // what cannot be read was refused before
	}
	for _, n := range p.topology.VirtualNetworks {
		if n.Name != network {
			continue
		}
		for _, half := range n.VirtualNetworkPeerings {
			if half.RemoteVirtualNetwork.ID == at.Network {
				return half.AllowForwardedTraffic != nil && !*half.AllowForwardedTraffic
			}
		}
	}
	return false
}
