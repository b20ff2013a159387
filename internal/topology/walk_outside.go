package topology

import (
	"net/netip"
	"slices"
)

// toInternet takes the packet out of Azure. A gateway has no way there.
func (w *walker) toInternet(from *node, dst netip.Addr) {
	if from.kind == GatewayNode {
		w.finish(NotForwarding)
		return
	}
	n := w.nodes[dst]
	if n == nil || n.kind != InternetNode {
		if n != nil || slices.ContainsFunc(unroutable, func(p netip.Prefix) bool { return p.Contains(dst) }) {
			w.finish(NotOnInternet)
			return
		}
		w.finish(LeftForInternet)
		return
	}
	w.trail.steps = append(w.trail.steps, step{node: n})
	w.finish(Delivered)
}

func (w *walker) toGateway(from *node, route *EffectiveRoute, dst netip.Addr) {
	gateway := w.gatewayFor(from.place.network, route, dst)
	if gateway == nil {
		w.finish(NoNextHop)
		return
	}
	w.arrive(from, gateway)
}

// toPremises is the other side of a gateway.
func (w *walker) toPremises(dst netip.Addr) {
	n := w.nodes[dst]
	if n == nil || n.kind != PremisesNode {
		w.finish(LeftForPremises)
		return
	}
	w.trail.steps = append(w.trail.steps, step{node: n})
	w.finish(Delivered)
}

// fromPremises brings a packet to the gateway before its sender. The premises
// are one network, so what is for another host there does not leave it.
func (w *walker) fromPremises(from *node, dst netip.Addr) {
	if to := w.nodes[dst]; to != nil && to.kind == PremisesNode {
		w.toPremises(dst)
		return
	}
	w.arrive(from, from.via)
}

// enter brings in a packet from the internet. Azure translates addresses on
// the way out, so a reply comes back to the node that sent the request out;
// where the destination's own packets do not get out, it comes directly.
func (w *walker) enter(from *node, dst netip.Addr) {
	to := w.nodes[dst]
	if to == nil || to.place == nil && to.kind != PremisesNode {
		w.finishAt(NoInterface, dst)
		return
	}
	if out := w.exit(dst, from.address); out != nil {
		to = out
	}
	if to.kind == PremisesNode {
		w.finishAt(NoInterface, dst)
		return
	}
	w.arrive(from, to)
}

// exit is the node that hands a packet to the internet; nil where it does not
// get there.
func (w *walker) exit(source, dst netip.Addr) *node {
	out := walker{Resolver: w.Resolver, packet: Packet{Source: source, Destination: dst}}
	steps := out.walk().steps
	for i := len(steps) - 1; i >= 0; i-- {
		if r := steps[i].route; r != nil && r.NextHopType == ToInternet && steps[i].node.kind != GatewayNode {
			return steps[i].node
		}
	}
	return nil
}
