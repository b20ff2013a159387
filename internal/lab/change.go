package lab

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/topology"
)

// SetPeering changes or adds a network's half of a peering while the lab is
// up; see [topology.Topology.SetPeering].
func (l *Lab) SetPeering(ctx context.Context, network string, p topology.Peering) (*topology.Topology, error) {
	return l.Change(ctx, func(t *topology.Topology) (*topology.Topology, error) { return t.SetPeering(network, p) })
}

// DeletePeering takes a half of a peering away; see
// [topology.Topology.DeletePeering].
func (l *Lab) DeletePeering(ctx context.Context, network, name string) (*topology.Topology, error) {
	return l.Change(ctx, func(t *topology.Topology) (*topology.Topology, error) { return t.DeletePeering(network, name) })
}

// SetSecurityRule changes or adds a rule of a security group; see
// [topology.Topology.SetSecurityRule]. As in Azure, flows that are admitted
// already go on.
func (l *Lab) SetSecurityRule(ctx context.Context, group string, r topology.SecurityRule) (*topology.Topology, error) {
	return l.Change(ctx, func(t *topology.Topology) (*topology.Topology, error) { return t.SetSecurityRule(group, r) })
}

// DeleteSecurityRule takes a rule out of a security group; see
// [topology.Topology.DeleteSecurityRule].
func (l *Lab) DeleteSecurityRule(ctx context.Context, group, name string) (*topology.Topology, error) {
	return l.Change(ctx, func(t *topology.Topology) (*topology.Topology, error) { return t.DeleteSecurityRule(group, name) })
}

// Change makes the lab follow an edit of its topology: routes, peerings,
// security groups, IP forwarding. It returns the new topology when packets
// take the new way. The edit may not add or remove nodes.
func (l *Lab) Change(ctx context.Context, edit func(*topology.Topology) (*topology.Topology, error)) (*topology.Topology, error) {
	unlock, err := lock(ctx, l.name)
	if err != nil {
		return nil, noLab(l.name, err)
	}
	defer unlock()
	before, err := l.Topology()
	if err != nil {
		return nil, err
	}
	after, err := edit(before)
	if err != nil {
		return nil, err
	}
	change, err := l.prepare(before, after)
	if err != nil {
		return nil, err
	}
	// The state is written first: after a crash between the two, the same
	// change can be made again and reaches the kernel.
	if err := writeTopology(l.name, after); err != nil {
		return nil, fmt.Errorf("write topology of lab %s: %w", l.name, err)
	}
	return after, change.make(l.name)
}

// change is what the kernel is to be told.
type change struct {
	plan          plan
	filters       filters
	filtersBefore filters
	nodes         []Node
}

func (l *Lab) prepare(before, after *topology.Topology) (c change, err error) {
	nodesBefore, err := nodesOf(l.name, before)
	if err != nil {
		return c, err
	}
	if c.nodes, err = nodesOf(l.name, after); err != nil {
		return c, err
	}
	if err := sameNodes(nodesBefore, c.nodes); err != nil {
		return c, err
	}
	if c.plan, err = makePlan(after, c.nodes); err != nil {
		return c, err
	}
	if c.filters, err = makeFilters(l.name, after, c.nodes); err != nil {
		return c, err
	}
	c.filtersBefore, err = makeFilters(l.name, before, nodesBefore)
	return c, err
}

func sameNodes(before, after []Node) error {
	if len(before) != len(after) {
		return fmt.Errorf("change the lab: it has %d nodes, and would have %d; bring it up again", len(before), len(after))
	}
	for i, n := range after {
		if old := before[i]; n.Name != old.Name || n.Address != old.Address || n.Network != old.Network || n.Subnet != old.Subnet {
			return fmt.Errorf("change the lab: %s cannot move while the lab is up", old.Name)
		}
	}
	return nil
}

func (c change) make(lab string) error {
	for _, n := range c.nodes {
		if n.Kind != Machine {
			continue
		}
		if err := inNamespace(n.Namespace, func() error { return setSysctls(n.Namespace, sysctlsOf(n)) }); err != nil {
			return err
		}
	}
	err := withNetlink(namespaceOf(lab, fabricNode), func(fabric *netlink.Handle) error {
		return setTables(fabric, c.plan.tables)
	})
	if err != nil {
		return err
	}
	return c.filters.load(c.filtersBefore)
}
