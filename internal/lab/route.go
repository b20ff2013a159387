package lab

import (
	"context"

	"github.com/sekisho/sekisho/internal/topology"
)

// SetRoute changes or adds a route of a route table while the lab is up; see
// [topology.Topology.SetRoute] for which one, and for the errors. It returns
// the new topology when packets take the new way. At no moment is a packet
// lost to the change: each finds either the old routes or the new ones.
func (l *Lab) SetRoute(ctx context.Context, table string, r topology.Route) (*topology.Topology, error) {
	return l.Change(ctx, func(t *topology.Topology) (*topology.Topology, error) {
		return t.SetRoute(table, r)
	})
}

// DeleteRoute takes a route, by name or prefix, out of a route table; see
// [Lab.SetRoute] and [topology.Topology.DeleteRoute].
func (l *Lab) DeleteRoute(ctx context.Context, table, name string) (*topology.Topology, error) {
	return l.Change(ctx, func(t *topology.Topology) (*topology.Topology, error) {
		return t.DeleteRoute(table, name)
	})
}
