package topology

import (
	"net/netip"
	"slices"
)

// unroutable are the ranges of RFC 1918 and RFC 6598, for which Azure makes
// system routes to None.
var unroutable = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
}

// noneRoutes are the system routes to None that are left beside the given
// routes.
func noneRoutes(beside []EffectiveRoute) []EffectiveRoute {
	if slices.ContainsFunc(beside, forcesTunnel) {
		return nil
	}
	var routes []EffectiveRoute
	for _, p := range unroutable {
		if !slices.ContainsFunc(beside, supersedes(p)) {
			routes = append(routes, systemRoute(p, None))
		}
	}
	return routes
}

// forcesTunnel tells the route that keeps a subnet off the internet.
func forcesTunnel(r EffectiveRoute) bool {
	return r.State == Active && r.AddressPrefix == defaultRoute &&
		(r.NextHopType == VirtualAppliance || r.NextHopType == ToGateway)
}

// supersedes tells the routes for which Azure removes the None route of p.
func supersedes(p netip.Prefix) func(EffectiveRoute) bool {
	return func(r EffectiveRoute) bool {
		if r.Source == SourceDefault && r.NextHopType != ToInternet { // of a network
			return containsPrefix(r.AddressPrefix, p)
		}
		return r.AddressPrefix == p
	}
}

func containsPrefix(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}
