package funcs

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "IPv6", []*Func{
		{Name: "parse_ipv6", Sig: "ip:string", Returns: value.StringType, Doc: "Writes an address, IPv4 or IPv6, as IPv6 with all its digits.", Eval: func(c *Call) any { return ipv6Text(c.Str(0), 128) }},
		{Name: "parse_ipv6_mask", Sig: "ip:string prefix:integer", Returns: value.StringType, Doc: "Writes an address as IPv6, cut to a prefix of up to 128 bits.", Eval: func(c *Call) any { return ipv6Text(c.Str(0), c.Int(1, 128)) }},
		{Name: "ipv6_compare", Sig: "a:string b:string prefix:integer?", Returns: value.LongType, Doc: "Compares two addresses, IPv4 or IPv6, under the shorter of their prefixes: -1, 0 or 1.", Eval: evalIPv6Compare},
		{Name: "ipv6_is_match", Sig: "a:string b:string prefix:integer?", Returns: value.BoolType, Doc: "Tells whether two addresses, IPv4 or IPv6, are the same under the shorter of their prefixes.", Eval: func(c *Call) any {
			if r := evalIPv6Compare(c); r != nil {
				return r == int64(0)
			}
			return nil
		}},
		{Name: "ipv6_is_in_range", Sig: "ip:string range:string", Returns: value.BoolType, Doc: "Tells whether an address, IPv4 or IPv6, is in a network such as fe80::/10.", Eval: func(c *Call) any { return ipv6InRange(c.Str(0), c.Str(1)) }},
		{Name: "ipv6_is_in_any_range", Sig: "ip:stringish ranges:any*", Returns: value.BoolType, Doc: "Tells whether an address, IPv4 or IPv6, is in one of several networks.", Eval: evalInAnyRange(ipv6InRange)},
	})
}

// parseIPv6 reads an address with an optional prefix length. IPv4 becomes the
// IPv6 address that maps it; the prefix of a text with points counts IPv4 bits.
// mapped takes ::10.0.0.1, an older way to write IPv4, as ::ffff:10.0.0.1.
func parseIPv6(s string, mapped bool) (p netip.Prefix, ok bool) {
	host, length, hasLength := strings.Cut(strings.TrimSpace(s), "/")
	a, err := netip.ParseAddr(host)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	bits, points := 128, strings.Contains(host, ".")
	if hasLength {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > 128 || points && n > 32 {
			return netip.Prefix{}, false
		}
		if bits = n; points {
			bits += 96
		}
	}
	b := a.As16()
	if points && mapped {
		b[10], b[11] = 0xff, 0xff
	}
	return netip.PrefixFrom(netip.AddrFrom16(b), bits), true
}

// cut gives the address with all bits behind the prefix cleared.
func cut(a netip.Addr, bits int) netip.Addr {
	b := a.As16()
	for i := range b {
		keep := min(max(bits-8*i, 0), 8)
		b[i] &= 0xff << (8 - keep)
	}
	return netip.AddrFrom16(b)
}

func ipv6Text(s string, bits int64) any {
	p, ok := parseIPv6(s, false)
	if !ok || bits < 0 || bits > 128 {
		return nil
	}
	b := cut(p.Addr(), min(p.Bits(), int(bits))).As16()
	var groups []string
	for i := 0; i < len(b); i += 2 {
		groups = append(groups, fmt.Sprintf("%02x%02x", b[i], b[i+1]))
	}
	return strings.Join(groups, ":")
}

// evalIPv6Compare takes a third argument of up to 32 as bits of IPv4 where both
// addresses are written so.
func evalIPv6Compare(c *Call) any {
	a, ok1 := parseIPv6(c.Str(0), true)
	b, ok2 := parseIPv6(c.Str(1), true)
	bits := int(c.Int(2, 128))
	if !ok1 || !ok2 || bits < 0 || bits > 128 {
		return nil
	}
	if isIPv4(c.Str(0)) && isIPv4(c.Str(1)) && bits <= 32 {
		bits += 96
	}
	bits = min(bits, a.Bits(), b.Bits())
	return int64(cut(a.Addr(), bits).Compare(cut(b.Addr(), bits)))
}

func isIPv4(s string) bool {
	_, _, ok := parseIPv4(s)
	return ok
}

func ipv6InRange(ip, network string) any {
	a, ok1 := parseIPv6(ip, true)
	n, ok2 := parseIPv6(network, true)
	if !ok1 || !ok2 {
		return nil
	}
	return cut(cut(a.Addr(), a.Bits()), n.Bits()) == cut(n.Addr(), n.Bits())
}
