package lab

import (
	"context"

	"github.com/sekisho/sekisho/internal/topology"
)

// Apply makes changes that a diagnosis or a check of the topology proposes, in
// their order and all in one: see [topology.Topology.Apply].
func (l *Lab) Apply(ctx context.Context, fixes ...topology.Fix) (*topology.Topology, error) {
	return l.Change(ctx, func(t *topology.Topology) (changed *topology.Topology, err error) {
		changed = t
		for _, f := range fixes {
			if changed, err = changed.Apply(f); err != nil {
				return nil, err
			}
		}
		return changed, nil
	})
}
