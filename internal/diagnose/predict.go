package diagnose

import (
	"slices"

	"github.com/sekisho/sekisho/internal/topology"
)

// prediction is the way by the topology. Its paths have no hops where the
// topology is not known.
type prediction struct {
	known       bool
	there, back topology.Path
}

// path is the one of a direction.
func (p *prediction) path(d Direction) topology.Path {
	if d == Back {
		return p.back
	}
	return p.there
}

// predict asks the topology for the way of the connection and of its answer.
// Behind an address translation the packet goes on to another address, from the
// firewall that translates.
func predict(t *topology.Topology, c *conversation) prediction {
	if t == nil || !c.client.Addr().Is4() || !c.server.Addr().Is4() {
		return prediction{}
	}
	there := topology.Packet{Source: c.client.Addr(), Destination: c.server.Addr(), Protocol: uint8(c.protocol),
		SourcePort: c.client.Port(), DestinationPort: c.server.Port()}
	if !c.translated.IsValid() {
		trip := t.RoundTrip(there)
		return prediction{known: true, there: trip.There, back: trip.Back}
	}
	behind := there
	behind.Destination, behind.DestinationPort = c.translated.Dest.Addr(), c.translated.Dest.Port()
	direct := t.RoundTrip(behind)
	p := prediction{known: true, there: through(t, t.Path(there), direct.There, c.translator), back: direct.Back}
	if source := c.translated.Source.Addr(); source != c.client.Addr() {
		behind.Source = source
		p.back = through(t, t.Path(behind.Answer()), direct.Back, c.translator)
	}
	return p
}

// through is the way of a packet that is translated at a firewall: as far as the
// firewall, and on from there. onward is the way of the translated packet as if
// it had been sent so; where it passes the firewall, its rest is what follows.
// An address of the firewall that the topology does not name is taken to lead
// there: packets that were translated did arrive.
func through(t *topology.Topology, first, onward topology.Path, firewall string) topology.Path {
	before := first.Hops[:min(1, len(first.Hops))]
	if i := indexOf(first.Hops, firewall); i >= 0 {
		before = first.Hops[:i]
	}
	j := indexOf(onward.Hops, firewall)
	if j < 0 {
		nic, ok := t.Interface(firewall)
		if !ok {
			return first
		}
		from := onward.Packet
		from.Source = nic.Address
		onward, j = t.Path(from), 0
	}
	joined := onward
	joined.Packet.Source = first.Packet.Source
	joined.Hops = append(slices.Clone(before), onward.Hops[j:]...)
	return joined
}

func indexOf(hops []topology.Hop, node string) int {
	return slices.IndexFunc(hops, func(h topology.Hop) bool { return h.Node == node })
}

// firewalls lists the firewalls of the way, those of the way there first, and
// then those that only the way back passes, in the order from the client.
func (p *prediction) firewalls() []string {
	names := firewallsOf(p.there)
	back := firewallsOf(p.back)
	slices.Reverse(back)
	for _, name := range back {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// firewallsOf lists the firewalls that pass the packet on, in their order. In a
// loop each stands once.
func firewallsOf(p topology.Path) []string {
	var names []string
	for i, h := range p.Hops {
		receiver := i == len(p.Hops)-1 && p.End == topology.Delivered
		if i > 0 && !receiver && h.Kind == topology.FirewallNode && !slices.Contains(names, h.Node) {
			names = append(names, h.Node)
		}
	}
	return names
}

// onTheWay is where the way passes a firewall: see [Seen.OnTheWay].
func (p *prediction) onTheWay(firewall string) string {
	if !p.known {
		return ""
	}
	there, back := slices.Contains(firewallsOf(p.there), firewall), slices.Contains(firewallsOf(p.back), firewall)
	switch {
	case there && back:
		return "both"
	case there:
		return "there"
	case back:
		return "back"
	}
	return "none"
}

// sound reports whether both ways arrive and pass the same firewalls.
func (p *prediction) sound() bool {
	return p.there.Arrives() && p.back.Arrives() && len(p.oneWay()) == 0
}

// oneWay lists the firewalls that only one of the two ways passes.
func (p *prediction) oneWay() []string {
	var names []string
	for _, name := range p.firewalls() {
		if p.onTheWay(name) != "both" {
			names = append(names, name)
		}
	}
	return names
}

// public is the prediction as the verdict shows it.
func (p *prediction) public() *Prediction {
	if !p.known {
		return nil
	}
	return &Prediction{There: p.there, Back: p.back, Sound: p.sound(), OneWay: p.oneWay()}
}
