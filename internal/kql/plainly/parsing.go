package plainly

import (
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	define(map[string]function{
		"parse_ipv6": strict(func(c call) any {
			p, ok := network6(c.textOf(0))
			if !ok {
				return nil
			}
			return p.Masked().Addr().StringExpanded()
		}),
		"ipv6_compare": strict(compareNetworks6),
		"ipv6_is_match": strict(func(c call) any {
			if order := compareNetworks6(c); order != nil {
				return order == int64(0)
			}
			return nil
		}),
		"ipv6_is_in_range": strict(func(c call) any {
			ip, ok := network6(c.textOf(0))
			n, ok2 := network6(c.textOf(1))
			if !ok || !ok2 {
				return nil
			}
			return n.Contains(ip.Masked().Addr())
		}),
		"url_encode": strict(func(c call) any {
			kept := regexp.MustCompile(`(?i)%(21|2a|28|29)`)
			s := kept.ReplaceAllStringFunc(url.QueryEscape(c.textOf(0)), func(m string) string {
				b, _ := url.PathUnescape(m)
				return b
			})
			s = regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(s, strings.ToLower)
			return strings.ReplaceAll(s, "~", "%7e")
		}),
		"parse_urlquery": strict(func(c call) any {
			inner, out := value.NewBag(), value.NewBag()
			for _, m := range regexp.MustCompile(`([^&=]*)(?:=([^&]*))?(?:&|$)`).FindAllStringSubmatch(strings.TrimPrefix(c.textOf(0), "?"), -1) {
				if m[0] != "" && m[0] != "&" {
					inner.Set(m[1], m[2])
				}
			}
			out.Set("Query Parameters", inner)
			return out
		}),
		"parse_version": strict(version),
		"format_bytes":  strict(formatBytes),
		"around": strict(func(c call) any {
			return math.Abs(c.real(0)-c.real(1)) <= c.real(2)
		}),
	})
}

// network6 reads an address of either kind as IPv6; IPv4 becomes a mapped one.
func network6(s string) (netip.Prefix, bool) {
	if p, ok := network(s); ok {
		b, four := [16]byte{10: 0xff, 11: 0xff}, p.Addr().As4()
		copy(b[12:], four[:])
		return netip.PrefixFrom(netip.AddrFrom16(b), p.Bits()+96), true
	}
	if !strings.Contains(s, "/") {
		s += "/128"
	}
	p, err := netip.ParsePrefix(strings.TrimSpace(s))
	return p, err == nil && !strings.Contains(s, ".")
}

func compareNetworks6(c call) any {
	a, ok := network6(c.textOf(0))
	b, ok2 := network6(c.textOf(1))
	if !ok || !ok2 {
		return nil
	}
	bits := min(a.Bits(), b.Bits())
	x, y := netip.PrefixFrom(a.Addr(), bits).Masked(), netip.PrefixFrom(b.Addr(), bits).Masked()
	return int64(x.Addr().Compare(y.Addr()))
}

// version reads up to four numbers of up to eight digits.
func version(c call) any {
	parts := strings.Split(strings.TrimSpace(c.textOf(0)), ".")
	text := ""
	for i := range 4 {
		n := uint64(0)
		if i < len(parts) {
			var err error
			if n, err = strconv.ParseUint(parts[i], 10, 32); err != nil || len(parts[i]) > 8 {
				return nil
			}
		}
		text += fmt.Sprintf("%08d", n)
	}
	if len(parts) > 4 {
		return nil
	}
	return value.Convert(text, value.DecimalType)
}

// formatBytes takes the greatest unit of which there is one.
func formatBytes(c call) any {
	size, unit := c.real(0), 0
	for math.Abs(size) >= 1024 && unit < 6 {
		size, unit = size/1024, unit+1
	}
	s := strconv.FormatFloat(size, 'f', int(c.whole(1, 0)), 64)
	for strings.Contains(s, ".") && (strings.HasSuffix(s, "0") || strings.HasSuffix(s, ".")) {
		dot := strings.HasSuffix(s, ".")
		if s = s[:len(s)-1]; dot {
			break
		}
	}
	return s + " " + strings.Fields("Bytes KB MB GB TB PB EB")[unit]
}
