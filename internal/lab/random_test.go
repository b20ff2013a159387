package lab

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/topology"
)

var (
	drawnLabs = flag.Int("drawn-labs", 26, "how many labs TestDrawnTopologies brings up")
	drawnSeed = flag.Uint64("drawn-seed", 0, "seed of TestDrawnTopologies; 0 takes the time")
)

// changesOfALab is how often a drawn lab is changed while it is up: each
// change is one more topology, and shows that changes reach the kernel whole.
const changesOfALab = 3

// TestDrawnTopologies draws networks with all kinds of faults and sends a
// packet from everyone to everyone: the way that package topology predicts
// must be the one that packets take, node by node, there and back.
func TestDrawnTopologies(t *testing.T) {
	t.Parallel()
	needRoot(t)
	seed := *drawnSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d (repeat with -args -drawn-seed=%d)", seed, seed)
	for i := range *drawnLabs {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			compareDrawn(t, fmt.Sprintf("drawn%d", i), r)
		})
	}
}

// TestTopologiesDrawnBefore has the draws that once showed a difference.
func TestTopologiesDrawnBefore(t *testing.T) {
	t.Parallel()
	needRoot(t)
	for name, d := range map[string]struct{ seed, lab uint64 }{
		"back from the internet, over a peering that refuses forwarded packets": {1795980872012879095, 21},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compareDrawn(t, fmt.Sprintf("before%d", d.lab), rand.New(rand.NewPCG(d.seed, d.lab)))
		})
	}
}

func compareDrawn(t *testing.T, name string, r *rand.Rand) {
	hubs, spokes := 1+r.IntN(3), 2+r.IntN(7)
	topo := drawTopology(t, r, hubs, spokes)
	s := upDrawn(t, name, topo)
	p := newProbes(t, s.Lab)
	pairs := p.compare(t, topo, 0)
	for round := range changesOfALab {
		changed, err := s.Change(t.Context(), func(old *topology.Topology) (*topology.Topology, error) {
			return redraw(t, r, old, hubs, spokes), nil
		})
		if err != nil {
			t.Fatalf("Change() error:\n%+v", err)
		}
		pairs += p.compare(t, changed, uint16(round+1))
	}
	if t.Failed() {
		text, _ := topo.Encode()
		t.Logf("the topology at first:\n%s", text)
	}
}

func upDrawn(t *testing.T, name string, topo *topology.Topology) *Supervisor {
	t.Helper()
	s, err := Up(t.Context(), topo, Options{Name: labName(t, name)})
	if err != nil {
		t.Fatalf("Up() error:\n%+v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() error:\n%+v", err)
		}
	})
	return s
}

// redraw keeps the nodes and takes all else from another draw: route tables,
// halves of peerings, groups, who forwards.
func redraw(t *testing.T, r *rand.Rand, old *topology.Topology, hubs, spokes int) *topology.Topology {
	t.Helper()
	for range 100 {
		changed := *drawTopology(t, r, hubs, spokes)
		changed.VirtualNetworkGateways, changed.Internet = old.VirtualNetworkGateways, old.Internet
		if changed.Validate().Err() == nil {
			return &changed
		}
	}
	t.Fatal("no second topology with the same nodes in 100 draws")
	return nil
}

// compare probes all pairs once and holds what was seen against the paths.
func (p *probes) compare(t *testing.T, topo *topology.Topology, round uint16) (pairs int) {
	t.Helper()
	p.round(t, round)
	resolver := topology.NewResolver(topo)
	for i, from := range p.ends {
		for j, to := range p.ends {
			if i == j {
				continue
			}
			pairs++
			id := probeID{round: round, from: uint16(i), to: uint16(j)}
			trip := resolver.RoundTrip(topology.Packet{Source: from.Address, Destination: to.Address, Protocol: 17,
				SourcePort: 6000 + round, DestinationPort: echoPort})
			p.comparePath(t, id, trip.There)
			if trip.There.Arrives() {
				id.back = true
				p.comparePath(t, id, trip.Back)
			}
		}
	}
	return pairs
}

func (p *probes) comparePath(t *testing.T, id probeID, want topology.Path) {
	t.Helper()
	expected := incoming(want)
	var nodes []string
	var arrived bool
	// What comes late on a busy machine must not look lost.
	for deadline := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		nodes, arrived = p.way(id)
		if want.End == topology.Looping && len(nodes) > len(expected) {
			nodes = nodes[:len(expected)]
		}
		if arrived == want.Arrives() && slices.Equal(p.known(nodes), p.known(expected)) {
			return
		}
		if time.Now().After(deadline) || t.Failed() {
			break
		}
	}
	t.Errorf("round %d, %s → %s (back %t): packets came to %v (arrived %t), predicted %v, %s\nroutes: %+v", id.round,
		p.ends[id.from].Name, p.ends[id.to].Name, id.back, nodes, arrived, expected, want.End, want.Hops)
}

// incoming lists the nodes that a packet comes in at. A host on premises lives
// in the namespace of its gateway.
func incoming(path topology.Path) []string {
	nodes := path.Nodes()
	switch {
	case len(nodes) == 0:
		return nil
	case len(nodes) > 1 && path.Hops[0].Kind == topology.PremisesNode:
		return nodes[2:]
	}
	return nodes[1:]
}

// known leaves out what has no interface of its own to watch: hosts outside,
// whose arrival is noted by themselves.
func (p *probes) known(nodes []string) []string {
	var list []string
	for _, name := range nodes {
		if p.watched[name] {
			list = append(list, name)
		}
	}
	return list
}
