package topology

import "maps"

// affected lists the subnets to whose interfaces a fix matters: what they send
// takes another way, or what they receive is treated differently.
func (r *Resolver) affected(f Fix) []int32 {
	var list []int32
	for _, p := range r.places {
		if r.concerns(f, p) {
			list = append(list, int32(p.id))
		}
	}
	return list
}

func (r *Resolver) concerns(f Fix, p *place) bool {
	switch f.Kind {
	case FixRoute:
		return p.table == f.Table || p.name() == f.Subnet
	case FixPeering:
		return p.network.name == f.Network || p.network.name == f.Peering.RemoteVirtualNetwork.name()
	case FixSecurityRule:
		return p.group == f.Group || r.hasGroup(p, f.Group)
	default:
		return r.hasMachine(p, f.Machine)
	}
}

func (r *Resolver) hasGroup(p *place, group string) bool {
	for _, n := range r.nodes {
		if n.place == p && n.group == group {
			return true
		}
	}
	return false
}

func (r *Resolver) hasMachine(p *place, machine string) bool {
	for _, n := range r.nodes {
		if n.place == p && n.name == machine {
			return true
		}
	}
	return false
}

// changed makes a resolver for the topology with the changes made. What they
// do not matter to is taken over. It is nil where a change cannot be made.
func (r *Resolver) changed(changes []Fix) *Resolver {
	t := r.topology
	for _, f := range changes {
		var err error
		if t, err = t.apply(f); err != nil {
			return nil
		}
	}
	next := NewResolver(t)
	next.copyStandIns(r)
	next.routes, next.tags, next.securing = maps.Clone(r.routes), maps.Clone(r.tags), maps.Clone(r.securing)
	for _, f := range changes {
		next.forget(f)
	}
	return next
}

// forget drops what was computed before a change that it depends on.
func (r *Resolver) forget(f Fix) {
	stale := func(k routesKey) bool { return false }
	switch f.Kind {
	case FixRoute:
		stale = func(k routesKey) bool { return k.table == f.Table }
	case FixPeering:
		remote := f.Peering.RemoteVirtualNetwork.name()
		stale = func(k routesKey) bool { return k.network == f.Network || k.network == remote }
	}
	maps.DeleteFunc(r.routes, func(k routesKey, _ *routeIndex) bool { return stale(k) })
	maps.DeleteFunc(r.tags, func(k routesKey, _ tagPrefixes) bool { return stale(k) })
	maps.DeleteFunc(r.securing, func(k securityKey, _ []EffectiveSecurityRule) bool {
		return stale(k.routes) || f.Kind == FixSecurityRule && k.group == f.Group
	})
}
