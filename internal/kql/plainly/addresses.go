package plainly

import (
	"net/netip"
	"strings"
)

func init() {
	define(map[string]function{
		"parse_ipv4": strict(func(c call) any {
			p, ok := network(c.textOf(0))
			if !ok {
				return nil
			}
			n := int64(0)
			for _, b := range p.Masked().Addr().AsSlice() {
				n = n*256 + int64(b)
			}
			return n
		}),
		"ipv4_compare": strict(func(c call) any { return compareNetworks(c) }),
		"ipv4_is_match": strict(func(c call) any {
			order := compareNetworks(c)
			if order == nil {
				return nil
			}
			return order == int64(0)
		}),
		"ipv4_is_in_range": strict(func(c call) any {
			ip, ok := network(c.textOf(0))
			n, ok2 := network(c.textOf(1))
			if !ok || !ok2 {
				return nil
			}
			return n.Contains(ip.Masked().Addr())
		}),
		"ipv4_is_private": strict(func(c call) any {
			ip, ok := network(c.textOf(0))
			if !ok {
				return nil
			}
			for _, private := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} {
				n := netip.MustParsePrefix(private)
				if ip.Bits() >= n.Bits() && n.Contains(ip.Addr()) {
					return true
				}
			}
			return false
		}),
	})
}

// network reads an IPv4 address with an optional prefix length, 32 without.
func network(s string) (netip.Prefix, bool) {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "/") {
		s += "/32"
	}
	p, err := netip.ParsePrefix(s)
	return p, err == nil && p.Addr().Is4()
}

// compareNetworks compares two addresses under the shortest of the prefixes.
func compareNetworks(c call) any {
	a, ok := network(c.textOf(0))
	b, ok2 := network(c.textOf(1))
	if !ok || !ok2 {
		return nil
	}
	bits := min(a.Bits(), b.Bits(), int(c.whole(2, 32)))
	x, _ := a.Addr().Prefix(bits)
	y, _ := b.Addr().Prefix(bits)
	return int64(x.Addr().Compare(y.Addr()))
}
