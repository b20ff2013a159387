package funcs

import (
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "IPv4", []*Func{
		{Name: "parse_ipv4", Sig: "ip:string", Returns: value.LongType, Doc: "Gives an address as a number.", Eval: func(c *Call) any { return ipv4Number(c.Str(0), 32) }},
		{Name: "parse_ipv4_mask", Sig: "ip:string prefix:integer", Returns: value.LongType, Doc: "Gives an address, cut to a prefix, as a number.", Eval: func(c *Call) any { return ipv4Number(c.Str(0), c.Int(1, 32)) }},
		{Name: "format_ipv4", Sig: "ip:any prefix:integer?", Returns: value.StringType, Doc: "Writes an address, given as text or number, cut to a prefix.", Eval: func(c *Call) any { return formatIPv4(c, false) }},
		{Name: "format_ipv4_mask", Sig: "ip:any prefix:integer?", Returns: value.StringType, Doc: "Writes an address, cut to a prefix, with the prefix behind it.", Eval: func(c *Call) any { return formatIPv4(c, true) }},
		{Name: "ipv4_compare", Sig: "a:string b:string prefix:integer?", Returns: value.LongType, Doc: "Compares two addresses, under the shorter of their prefixes: -1, 0 or 1.", Eval: evalIPv4Compare},
		{Name: "ipv4_is_match", Sig: "a:string b:string prefix:integer?", Returns: value.BoolType, Doc: "Tells whether two addresses are the same under the shorter of their prefixes.", Eval: func(c *Call) any {
			if r := evalIPv4Compare(c); r != nil {
				return r == int64(0)
			}
			return nil
		}},
		{Name: "ipv4_is_in_range", Sig: "ip:string range:string", Returns: value.BoolType, Doc: "Tells whether an address is in a network such as 10.0.0.0/8.", Eval: func(c *Call) any { return ipv4InRange(c.Str(0), c.Str(1)) }},
		{Name: "ipv4_is_in_any_range", Sig: "ip:stringish ranges:any*", Returns: value.BoolType, Doc: "Tells whether an address is in one of several networks.", Eval: evalInAnyRange(ipv4InRange)},
		{Name: "ipv4_is_private", Sig: "ip:string", Returns: value.BoolType, Doc: "Tells whether an address is in a private network.", Eval: evalIsPrivate},
		{Name: "ipv4_netmask_suffix", Sig: "ip:string", Returns: value.LongType, Doc: "Gives the length of the prefix behind an address, 32 without one.", Eval: func(c *Call) any {
			if _, n, ok := parseIPv4(c.Str(0)); ok {
				return int64(n)
			}
			return nil
		}},
		{Name: "ipv4_range_to_cidr_list", Sig: "from:string to:string", Returns: value.DynamicType, Doc: "Gives the networks that make up a range of addresses.", Eval: evalRangeToCIDR},
		{Name: "has_ipv4", Sig: "source:stringish ip:string", Returns: value.BoolType, Doc: "Tells whether a text has an address.", Eval: func(c *Call) any { return hasIPv4(c.Str(0), []string{c.Str(1)}, false) }},
		{Name: "has_ipv4_prefix", Sig: "source:stringish prefix:string", Returns: value.BoolType, Doc: "Tells whether a text has an address that begins so.", Eval: func(c *Call) any { return hasIPv4(c.Str(0), []string{c.Str(1)}, true) }},
		{Name: "has_any_ipv4", Sig: "source:stringish ips:any*", Returns: value.BoolType, Doc: "Tells whether a text has one of several addresses.", Eval: func(c *Call) any { return hasIPv4(c.Text(0), texts(c), false) }},
		{Name: "has_any_ipv4_prefix", Sig: "source:stringish prefixes:any*", Returns: value.BoolType, Doc: "Tells whether a text has an address that begins in one of several ways.", Eval: func(c *Call) any { return hasIPv4(c.Text(0), texts(c), true) }},
	})
}

// parseIPv4 reads an address with an optional prefix length.
func parseIPv4(s string) (addr uint32, prefix int, ok bool) {
	host, length, hasLength := strings.Cut(strings.TrimSpace(s), "/")
	prefix = 32
	if hasLength {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > 32 {
			return 0, 0, false
		}
		prefix = n
	}
	a, err := netip.ParseAddr(host)
	if err != nil || !a.Is4() {
		return 0, 0, false
	}
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]), prefix, true
}

// IPv4Network reads an address with an optional prefix length, as the functions
// here do, as a network.
func IPv4Network(s string) (p netip.Prefix, ok bool) {
	addr, bits, ok := parseIPv4(s)
	if !ok {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(ipv4Addr(addr), bits).Masked(), true
}

func mask(addr uint32, prefix int) uint32 {
	if prefix <= 0 {
		return 0
	}
	return addr >> (32 - prefix) << (32 - prefix)
}

func ipv4Number(s string, prefix int64) any {
	addr, own, ok := parseIPv4(s)
	if !ok || prefix < 0 || prefix > 32 {
		return nil
	}
	return int64(mask(addr, min(own, int(prefix))))
}

func ipv4Text(addr uint32) string { return ipv4Addr(addr).String() }

func ipv4Addr(addr uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)})
}

func formatIPv4(c *Call, withPrefix bool) any {
	prefix := int(c.Int(1, 32))
	var addr uint32
	switch v := c.Args[0].(type) {
	case int64:
		if v < 0 || v > 1<<32-1 {
			return ""
		}
		addr = uint32(v)
	case string:
		a, own, ok := parseIPv4(v)
		if !ok {
			return ""
		}
		addr, prefix = a, min(prefix, own)
	default:
		return ""
	}
	if prefix < 0 || prefix > 32 {
		return ""
	}
	out := ipv4Text(mask(addr, prefix))
	if withPrefix {
		out += "/" + strconv.Itoa(prefix)
	}
	return out
}

func evalIPv4Compare(c *Call) any {
	a, ap, ok1 := parseIPv4(c.Str(0))
	b, bp, ok2 := parseIPv4(c.Str(1))
	if !ok1 || !ok2 {
		return nil
	}
	prefix := min(ap, bp, int(c.Int(2, 32)))
	switch x, y := mask(a, prefix), mask(b, prefix); {
	case x < y:
		return int64(-1)
	case x > y:
		return int64(1)
	}
	return int64(0)
}

func ipv4InRange(ip, network string) any {
	a, ap, ok1 := parseIPv4(ip)
	n, np, ok2 := parseIPv4(network)
	if !ok1 || !ok2 {
		return nil
	}
	return mask(mask(a, ap), np) == mask(n, np)
}

func evalInAnyRange(in func(ip, network string) any) func(*Call) any {
	return func(c *Call) any {
		valid := false
		for _, network := range texts(c) {
			switch in(c.Text(0), network) {
			case true:
				return true
			case false:
				valid = true
			}
		}
		if !valid {
			return nil
		}
		return false
	}
}

var privateNetworks = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"}

// evalIsPrivate is true only where the whole network is private.
func evalIsPrivate(c *Call) any {
	a, p, ok := parseIPv4(c.Str(0))
	if !ok {
		return nil
	}
	for _, n := range privateNetworks {
		base, length, _ := parseIPv4(n)
		if p >= length && mask(a, length) == base {
			return true
		}
	}
	return false
}

func evalRangeToCIDR(c *Call) any {
	from, _, ok1 := parseIPv4(c.Str(0))
	to, _, ok2 := parseIPv4(c.Str(1))
	if !ok1 || !ok2 || from > to {
		return nil
	}
	out := value.Array{}
	for at, end := uint64(from), uint64(to); at <= end; {
		size := bits.TrailingZeros32(uint32(at))
		for size > 0 && (size > 31 || at+1<<size-1 > end) {
			size--
		}
		out = append(out, fmt.Sprintf("%s/%d", ipv4Text(uint32(at)), 32-size))
		at += 1 << size
	}
	return out
}

// hasIPv4 looks for addresses that stand alone in a text.
func hasIPv4(text string, want []string, prefix bool) any {
	for _, w := range want {
		if prefix && !validPrefix(w) {
			continue
		}
		if _, _, ok := parseIPv4(w); !prefix && !ok {
			continue
		}
		for at := 0; ; {
			i := strings.Index(text[at:], w)
			if i < 0 {
				break
			}
			i += at
			if standsAlone(text, i, i+len(w), prefix) {
				return true
			}
			at = i + 1
		}
	}
	return false
}

// validPrefix tells a prefix such as "192.168." or a whole address.
func validPrefix(w string) bool {
	if _, _, ok := parseIPv4(w); ok {
		return true
	}
	parts := strings.Split(strings.TrimSuffix(w, "."), ".")
	for _, p := range parts {
		if n, err := strconv.Atoi(p); err != nil || n < 0 || n > 255 {
			return false
		}
	}
	return strings.HasSuffix(w, ".") && len(parts) < 4
}

// standsAlone tells whether the text at from is an address that touches no
// letter, digit or point.
func standsAlone(text string, from, to int, prefix bool) bool {
	end := to
	if prefix {
		for end < len(text) && (text[end] >= '0' && text[end] <= '9' || text[end] == '.') {
			end++
		}
		if _, _, ok := parseIPv4(strings.TrimSuffix(text[from:end], ".")); !ok {
			return false
		}
	}
	touches := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
	}
	if from > 0 && (touches(text[from-1]) || text[from-1] == '.') {
		return false
	}
	if end >= len(text) {
		return true
	}
	goesOn := text[end] == '.' && end+1 < len(text) && touches(text[end+1])
	return !goesOn && !touches(text[end])
}
