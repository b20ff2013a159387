package network

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
)

// endpoint is where an interface is: its subnet, in the form network/subnet,
// and its address.
type endpoint struct{ subnet, address string }

// endpoint reads the interface of a firewall or of a network interface: its
// first IPv4 configuration with a subnet, the primary one before others.
func (b *builder) endpoint(s *spot) (endpoint, bool) {
	var chosen *spot
	for _, c := range s.items("ipConfigurations") {
		switch {
		case strings.EqualFold(c.text("privateIPAddressVersion"), "IPv6"):
			c.leaveOut("IPv6 is not supported yet", "")
		case c.body.Get("subnet").IsAbsent(): // a public address more
		case chosen == nil:
			chosen = c
		case c.is("primary"):
			chosen.leaveOut("an interface has one address here", "")
			chosen = c
		default:
			c.leaveOut("an interface has one address here", "")
		}
		s.bad = s.bad || c.bad && c == chosen
	}
	if chosen == nil {
		return endpoint{}, false
	}
	e := endpoint{b.subnetOf(chosen), chosen.text("privateIPAddress")}
	if e.address == "" && e.subnet != "" && !chosen.bad {
		e.address = b.choose(chosen, e.subnet)
	}
	return e, e.subnet != "" && !chosen.bad
}

// subnetOf is the subnet that a configuration refers to; empty where it is not
// there, which is told.
func (b *builder) subnetOf(s *spot) string {
	text := s.id("subnet")
	if text == "" {
		return ""
	}
	id, ok := resource.ParseID(text)
	if !ok || !id.Is(subnetType) {
		s.leaveOut(fmt.Sprintf("%q is no id of a subnet", text), "")
		return ""
	}
	r, err := b.catalog.resolve(s.file, id.Parent().String(), networkType)
	if err != nil {
		s.leaveOut("its "+err.Error(), hintFor(networkType))
		return ""
	}
	return b.name(aNetwork, r) + "/" + legal(id.Name(), longestName)
}

// choose gives an interface the address that Azure would choose: the lowest
// one of the subnet that nobody has. Azure keeps the first four.
func (b *builder) choose(s *spot, subnet string) string {
	network, name, _ := strings.Cut(subnet, "/")
	if n := b.network(network); n != nil {
		for _, candidate := range n.Subnets {
			prefix, err := netip.ParsePrefix(candidate.AddressPrefix)
			if !strings.EqualFold(candidate.Name, name) || err != nil {
				continue
			}
			if a, ok := b.lowestFree(prefix.Masked()); ok {
				s.note(resource.Assumed, nil, "privateIPAddress", a,
					"the source does not say the address; it is the lowest free one, as Azure would choose it", "")
				return a
			}
		}
	}
	return ""
}

const keptByAzure = 4

func (b *builder) lowestFree(prefix netip.Prefix) (string, bool) {
	taken := map[string]bool{}
	for _, nic := range b.t.Interfaces() {
		taken[nic.Address.String()] = true
	}
	for _, wanted := range b.reserved() {
		taken[wanted] = true
	}
	a := prefix.Addr()
	for range keptByAzure {
		a = a.Next()
	}
	for ; prefix.Contains(a) && prefix.Contains(a.Next()); a = a.Next() {
		if !taken[a.String()] {
			return a.String(), true
		}
	}
	return "", false
}

// reserved are the addresses that network interfaces name, which nobody else
// may be given, wherever in the source they stand.
func (b *builder) reserved() []string {
	if b.fixed == nil {
		b.fixed = []string{}
		for _, kind := range []string{nicType, firewallType} {
			for _, r := range b.catalog.of(kind) {
				list := resource.Properties(r.Body).Get("ipConfigurations")
				if list == nil {
					continue
				}
				for _, c := range list.Items {
					if a := resource.Properties(c).Get("privateIPAddress"); !a.IsAbsent() {
						b.fixed = append(b.fixed, a.Text)
					}
				}
			}
		}
	}
	return b.fixed
}
