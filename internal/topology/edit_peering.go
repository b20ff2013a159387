package topology

import (
	"slices"

	"github.com/sekisho/sekisho/internal/document"
)

// SetPeering returns a copy of the topology in which the network has peering
// p, in place of the one of the same name, else of the one with the same
// remote network, else at its end. A peering without a name takes that of the
// one it replaces. The other half is left alone.
//
// The error is a [document.Problem] where there is no such network, and a
// [document.Problems] where the changed topology would not be valid; t itself
// stays as it was.
func (t *Topology) SetPeering(network string, p Peering) (*Topology, error) {
	return validated(t.withPeering(network, p))
}

func (t *Topology) withPeering(network string, p Peering) (*Topology, error) {
	changed, target, err := t.copyNetwork(network)
	if err != nil {
		return nil, err
	}
	p.RemoteVirtualNetwork.ID = p.RemoteVirtualNetwork.name()
	list := &target.VirtualNetworkPeerings
	i := slices.IndexFunc(*list, func(old Peering) bool { return old.Name == p.Name })
	if i < 0 {
		i = slices.IndexFunc(*list, func(old Peering) bool { return old.RemoteVirtualNetwork.name() == p.RemoteVirtualNetwork.ID })
	}
	if i < 0 {
		*list = append(*list, p)
		i = len(*list) - 1
	}
	if p.Name == "" {
		p.Name = (*list)[i].Name
	}
	(*list)[i] = p
	return changed, nil
}

// DeletePeering returns a copy of the topology in which the network has no
// peering of that name.
//
// The error is a [document.Problem] where there is no such network or peering;
// t itself stays as it was.
func (t *Topology) DeletePeering(network, name string) (*Topology, error) {
	changed, target, err := t.copyNetwork(network)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(target.VirtualNetworkPeerings, func(p Peering) bool { return p.Name == name })
	if i < 0 {
		known := namesOf(target.VirtualNetworkPeerings, func(p Peering) string { return p.Name })
		return nil, document.Problem{Field: "peering of " + target.Name, Value: name,
			Message: "there is none of this name", Hint: didYouMean(name, known)}
	}
	target.VirtualNetworkPeerings = absentIfEmpty(slices.Delete(target.VirtualNetworkPeerings, i, i+1))
	return changed, nil
}

// copyNetwork copies what lies between the topology and the subnets and
// peerings of one network, and shares the rest.
func (t *Topology) copyNetwork(name string) (*Topology, *VirtualNetwork, error) {
	name = Reference{ID: name}.name()
	changed := *t
	changed.VirtualNetworks = slices.Clone(t.VirtualNetworks)
	target := changed.network(name)
	if target == nil {
		return nil, nil, document.Problem{Field: "virtual network", Value: name,
			Message: "there is none of this name", Hint: didYouMean(name, t.networkNames())}
	}
	target.VirtualNetworkPeerings = slices.Clone(target.VirtualNetworkPeerings)
	target.Subnets = slices.Clone(target.Subnets)
	return &changed, target, nil
}
