package topology

import (
	"fmt"
	"net/netip"
	"slices"
)

// loadBalancerAddress is where Azure's health probes come from, and all that
// the tag AzureLoadBalancer stands for.
var loadBalancerAddress = netip.MustParsePrefix("168.63.129.16/32")

// tagPrefixes are what the tags stand for at the interfaces of one subnet.
type tagPrefixes map[string][]netip.Prefix

// VirtualNetworkPrefixes lists what the tag VirtualNetwork stands for in the
// security groups of a subnet and its interfaces: the address spaces of the
// own and of peered networks, what gateways propagate, and the prefixes of
// user-defined routes to an appliance or gateway. So a UDR for 0.0.0.0/0 makes
// the tag stand for all addresses, as it does in Azure; see "service tags" in
// Microsoft's documentation ("might also contain default routes").
//
// The error is a [document.Problem] where there is no such network or subnet.
func (t *Topology) VirtualNetworkPrefixes(network, subnet string) ([]netip.Prefix, error) {
	routes, err := t.EffectiveRoutes(network, subnet)
	if err != nil {
		return nil, err
	}
	return virtualNetworkTag(routes), nil
}

func virtualNetworkTag(routes []EffectiveRoute) []netip.Prefix {
	var list []netip.Prefix
	for _, r := range routes { // short prefixes first
		if r.NextHopType == ToInternet || r.NextHopType == None {
			continue
		}
		if !slices.ContainsFunc(list, func(p netip.Prefix) bool { return containsPrefix(p, r.AddressPrefix) }) {
			list = append(list, r.AddressPrefix)
		}
	}
	return list
}

// internetTag is what the tag Internet stands for: public addresses that
// belong to no network here. What a UDR or gateway adds to VirtualNetwork is
// not taken out, so the tags can overlap; the priorities of rules decide then.
func internetTag(routes []EffectiveRoute) []netip.Prefix {
	private := slices.Concat(refused, unroutable)
	for _, r := range routes {
		if r.ofNetwork() {
			private = append(private, r.AddressPrefix)
		}
	}
	return without(defaultRoute, private)
}

// without splits a prefix until none of the parts overlaps one of the holes.
func without(p netip.Prefix, holes []netip.Prefix) []netip.Prefix {
	var inside []netip.Prefix
	for _, h := range holes {
		if containsPrefix(h, p) {
			return nil
		}
		if p.Contains(h.Addr()) {
			inside = append(inside, h)
		}
	}
	if len(inside) == 0 {
		return []netip.Prefix{p}
	}
	low, high := halves(p)
	return append(without(low, inside), without(high, inside)...)
}

func halves(p netip.Prefix) (low, high netip.Prefix) {
	bits := p.Bits()
	a := p.Addr().As4()
	low = netip.PrefixFrom(p.Addr(), bits+1)
	a[bits/8] |= 0x80 >> (bits % 8)
	return low, netip.PrefixFrom(netip.AddrFrom4(a), bits+1)
}

func (t *Topology) tagsOf(network, subnet string) (tagPrefixes, error) {
	routes, err := t.EffectiveRoutes(network, subnet)
	if err != nil {
		return nil, err
	}
	return newTags(routes), nil
}

func newTags(routes []EffectiveRoute) tagPrefixes {
	return tagPrefixes{
		Any:               {defaultRoute},
		TagVirtualNetwork: virtualNetworkTag(routes),
		TagInternet:       internetTag(routes),
		TagLoadBalancer:   {loadBalancerAddress},
	}
}

// resolve turns the addresses of a rule into prefixes.
func (t tagPrefixes) resolve(one string, many []string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range either(one, many) {
		if prefixes, ok := t[canonicalWord(text, tags)]; ok {
			list = append(list, prefixes...)
			continue
		}
		if a, err := netip.ParseAddr(text); err == nil {
			list = append(list, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("read address of a security rule: %w", err)
		}
		list = append(list, p)
	}
	return list, nil
}
