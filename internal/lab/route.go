package lab

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/topology"
)

// SetRoute changes or adds a route of a route table while the lab is up; see
// [topology.Topology.SetRoute] for which one, and for the errors. It returns
// the new topology when packets take the new way. At no moment is a packet
// lost to the change: each finds either the old routes or the new ones.
func (l *Lab) SetRoute(ctx context.Context, table string, r topology.Route) (*topology.Topology, error) {
	return l.change(ctx, func(t *topology.Topology) (*topology.Topology, error) {
		return t.SetRoute(table, r)
	})
}

// DeleteRoute takes a route, by name or prefix, out of a route table; see
// [Lab.SetRoute] and [topology.Topology.DeleteRoute].
func (l *Lab) DeleteRoute(ctx context.Context, table, name string) (*topology.Topology, error) {
	return l.change(ctx, func(t *topology.Topology) (*topology.Topology, error) {
		return t.DeleteRoute(table, name)
	})
}

func (l *Lab) change(ctx context.Context, edit func(*topology.Topology) (*topology.Topology, error)) (*topology.Topology, error) {
	unlock, err := lock(ctx, l.name)
	if err != nil {
		return nil, noLab(l.name, err)
	}
	defer unlock()
	t, err := l.Topology()
	if err != nil {
		return nil, err
	}
	if t, err = edit(t); err != nil {
		return nil, err
	}
	p, err := makePlan(t, l.nodes)
	if err != nil {
		return nil, err
	}
	// The state is written first: after a crash between the two, the same
	// change can be made again and reaches the kernel.
	if err := writeTopology(l.name, t); err != nil {
		return nil, fmt.Errorf("write topology of lab %s: %w", l.name, err)
	}
	return t, withNetlink(namespaceOf(l.name, fabricNode), func(fabric *netlink.Handle) error {
		return setTables(fabric, p.tables)
	})
}
