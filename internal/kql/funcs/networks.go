package funcs

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// The functions here stand behind ipv4_lookup and ipv6_lookup.
func init() {
	register(Scalar, "internal", []*Func{
		{Name: "ipv4_network", Hidden: true, Sig: "network:string", Returns: value.StringType, Doc: "Writes an IPv4 network in one form.", Eval: func(c *Call) any {
			if a, bits, ok := parseIPv4(c.Str(0)); ok {
				return ipv4Network(a, bits)
			}
			return nil
		}},
		{Name: "ipv4_networks", Hidden: true, Sig: "ip:string", Returns: value.DynamicType, Doc: "Gives the IPv4 networks that hold an address.", Eval: func(c *Call) any {
			a, bits, ok := parseIPv4(c.Str(0))
			out := value.Array{}
			for ; ok && bits >= 0; bits-- {
				out = append(out, ipv4Network(a, bits))
			}
			return out
		}},
		{Name: "ipv6_network", Hidden: true, Sig: "network:string", Returns: value.StringType, Doc: "Writes a network in one form, as IPv6.", Eval: func(c *Call) any {
			if p, ok := parseIPv6(c.Str(0), true); ok {
				return p.Masked().String()
			}
			return nil
		}},
		{Name: "ipv6_networks", Hidden: true, Sig: "ip:string", Returns: value.DynamicType, Doc: "Gives the networks, as IPv6, that hold an address.", Eval: func(c *Call) any {
			p, ok := parseIPv6(c.Str(0), true)
			out := value.Array{}
			for bits := p.Bits(); ok && bits >= 0; bits-- {
				network, err := p.Addr().Prefix(bits)
				if err != nil {
					return nil
				}
				out = append(out, network.String())
			}
			return out
		}},
	})
}

func ipv4Network(addr uint32, bits int) string {
	return fmt.Sprintf("%s/%d", ipv4Text(mask(addr, bits)), bits)
}
