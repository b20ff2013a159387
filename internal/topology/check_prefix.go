package topology

import (
	"fmt"
	"net/netip"
	"slices"
)

// refused are the ranges that no network may use: Azure's list from the
// virtual network FAQ (multicast, broadcast, loopback, link-local, its own
// DNS), and "this network" of RFC 1122, which Linux does not route.
var refused = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("224.0.0.0/4"),
	netip.MustParsePrefix("255.255.255.255/32"),
}

// prefix reads an IPv4 prefix in CIDR form.
func (c *checker) prefix(path, text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	switch {
	case text == "":
		c.fail(path, "", "the address prefix is missing", "write it in CIDR form, as in 10.1.0.0/24")
	case err != nil:
		c.fail(path, text, "not an address prefix", prefixHint(text))
	case !p.Addr().Is4():
		c.fail(path, text, "IPv6 is not supported yet", "write an IPv4 prefix")
	case p != p.Masked():
		c.fail(path, text, "the address has bits set beyond the prefix", fmt.Sprintf("write %s", p.Masked()))
	default:
		return p, true
	}
	return netip.Prefix{}, false
}

func prefixHint(text string) string {
	if a, err := netip.ParseAddr(text); err == nil && a.Is4() {
		return fmt.Sprintf("say how long it is, as in %s/24, or /32 for one address", a)
	}
	return "write it in CIDR form, as in 10.1.0.0/24"
}

// networkPrefix reads a prefix that a network is to use.
func (c *checker) networkPrefix(path, text string) (netip.Prefix, bool) {
	p, ok := c.prefix(path, text)
	if !ok {
		return p, false
	}
	for _, r := range refused {
		if r.Overlaps(p) {
			c.fail(path, text, fmt.Sprintf("Azure refuses networks that contain addresses of %s", r),
				"use a private range: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
			return p, false
		}
	}
	return p, true
}

// address reads an IPv4 address. The hint is a function because a good one
// takes a look at all interfaces.
func (c *checker) address(path, text string, hint func() string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	switch {
	case text == "":
		c.fail(path, "", "the address is missing", hint())
	case err != nil:
		c.fail(path, text, "not an IP address", hint())
	case !a.Is4():
		c.fail(path, text, "IPv6 is not supported yet", "write an IPv4 address")
	default:
		return a, true
	}
	return netip.Addr{}, false
}

// reservedAddresses is how many of a subnet's first addresses Azure keeps: the
// network's own, the gateway's and two for DNS. It keeps the last one as well.
const reservedAddresses = 4

// usable reports whether a machine may have the address.
func usable(subnet netip.Prefix, a netip.Addr) bool {
	kept := subnet.Addr()
	for range reservedAddresses {
		if a == kept {
			return false
		}
		kept = kept.Next()
	}
	return subnet.Contains(a) && subnet.Contains(a.Next())
}

// firstFree returns the lowest usable address that nobody has.
func (c *checker) firstFree(subnet netip.Prefix) (netip.Addr, bool) {
	for a := subnet.Addr(); subnet.Contains(a); a = a.Next() {
		if usable(subnet, a) && !slices.ContainsFunc(c.nics, hasAddress(a)) {
			return a, true
		}
	}
	return netip.Addr{}, false
}

func hasAddress(a netip.Addr) func(NetworkInterface) bool {
	return func(nic NetworkInterface) bool { return nic.Address == a }
}
