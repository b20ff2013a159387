package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/topology"
)

// premisesOf lists the gateways, each with the hosts behind it. What Azure
// hands to a gateway goes to the gateway's namespace, whose lo has the
// addresses of its hosts; what they send enters Azure by the gateway's link,
// where the routes of its subnet apply.
func premisesOf(lab string, t *topology.Topology) ([]Node, error) {
	var nodes []Node
	for i, g := range t.VirtualNetworkGateways {
		network, subnet, _ := strings.Cut(g.Subnet, "/")
		gateway := Node{Name: g.Name, Kind: Gateway, Namespace: namespaceOf(lab, g.Name), Network: network, Subnet: subnet,
			Link: fmt.Sprintf("g%d", i), hop: netip.AddrFrom4([4]byte{169, 254, 2, byte(i)})}
		for _, text := range g.Routes {
			p, err := netip.ParsePrefix(text)
			if err != nil {
				return nil, fmt.Errorf("read routes of gateway %s: %w", g.Name, err)
			}
			gateway.premises = append(gateway.premises, p.Masked())
		}
		hosts, err := hostsIn(gateway.Namespace, g.Hosts)
		if err != nil {
			return nil, err
		}
		for i := range hosts {
			hosts[i].Gateway = g.Name
		}
		nodes = append(append(nodes, gateway), hosts...)
	}
	return nodes, nil
}

// createGateway makes the namespace of a gateway and of all hosts behind it.
// What is addressed to the premises and to no host there is lost in it;
// everything else goes back to the fabric, where the routes of the gateway's
// subnet lead on.
func createGateway(lab string, fabric *netlink.Handle, gateway Node, nodes []Node) error {
	if err := createOutside(lab, fabric, gateway.Namespace, gateway.neighbour(), nodes, gatewaySysctls); err != nil {
		return err
	}
	return withNetlink(gateway.Namespace, func(h *netlink.Handle) error {
		for _, p := range gateway.premises {
			if err := h.RouteAdd(&netlink.Route{Dst: ipNet(p), Type: unix.RTN_BLACKHOLE}); err != nil {
				return fmt.Errorf("add route %s: %w", p, err)
			}
		}
		return nil
	})
}

// onPremises finds the gateway that a host is behind.
func onPremises(nodes []Node, host Node) (Node, bool) {
	for _, n := range nodes {
		if n.Kind == Gateway && n.Name == host.Gateway {
			return n, true
		}
	}
	return Node{}, false
}

// gateway finds the node for a route that leads to a gateway. A propagated
// route names it; a user-defined one leads to the network's own gateway, or to
// one that a peered network lends.
func (p planner) gateway(network string, r topology.EffectiveRoute) (Node, bool) {
	for _, n := range p.nodes {
		if n.Kind == Gateway && (n.Name == r.Gateway || r.Gateway == "" && n.Network == network) {
			return n, true
		}
	}
	if r.Gateway != "" {
		return Node{}, false
	}
	for _, n := range p.nodes {
		if n.Kind == Gateway && p.lends(n.Network, network) {
			return n, true
		}
	}
	return Node{}, false
}

// lends reports whether both halves of a peering say that a network may use
// the gateways of another one.
func (p planner) lends(owner, user string) bool {
	return p.peeringSays(user, owner, func(h topology.Peering) bool { return h.UseRemoteGateways }) &&
		p.peeringSays(owner, user, func(h topology.Peering) bool { return h.AllowGatewayTransit })
}

func (p planner) peeringSays(network, remote string, says func(topology.Peering) bool) bool {
	for _, n := range p.topology.VirtualNetworks {
		for _, h := range n.VirtualNetworkPeerings {
			if n.Name == network && h.RemoteVirtualNetwork.ID == remote && says(h) {
				return true
			}
		}
	}
	return false
}

func (p planner) hasGateway(network, subnet string) bool {
	return slices.ContainsFunc(p.nodes, func(n Node) bool {
		return n.Kind == Gateway && n.Network == network && n.Subnet == subnet
	})
}
