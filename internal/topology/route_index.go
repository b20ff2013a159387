package topology

import (
	"net/netip"
	"slices"
)

// routeIndex finds the longest prefix among the active routes of a subnet. The
// routes are looked up by prefix, one length after the other: a subnet has
// many routes, but of a handful of lengths.
type routeIndex struct {
	all     []EffectiveRoute
	lengths []int // of prefixes, longest first
	active  map[netip.Prefix]*EffectiveRoute
}

func newRouteIndex(routes []EffectiveRoute) *routeIndex {
	x := &routeIndex{all: routes, active: make(map[netip.Prefix]*EffectiveRoute, len(routes))}
	for i := range routes {
		r := &routes[i]
		if r.State != Active {
			continue
		}
		x.active[r.AddressPrefix] = r
		if !slices.Contains(x.lengths, r.AddressPrefix.Bits()) {
			x.lengths = append(x.lengths, r.AddressPrefix.Bits())
		}
	}
	slices.Sort(x.lengths)
	slices.Reverse(x.lengths)
	return x
}

// lookup returns the route for an address, or nil where there is none.
func (x *routeIndex) lookup(dst netip.Addr) *EffectiveRoute {
	for _, bits := range x.lengths {
		p, err := dst.Prefix(bits)
		if err != nil {
			continue // longer than the address: another family
		}
		if r, ok := x.active[p]; ok {
			return r
		}
	}
	return nil
}
