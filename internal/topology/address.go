package topology

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/internal/document"
)

// AddressOf returns the address of the machine, firewall or host of that name,
// or the address that the text is. The error is a [document.Problem] where it
// is neither.
func (t *Topology) AddressOf(name string) (netip.Addr, error) {
	addresses := t.addresses()
	if text, ok := addresses[name]; ok {
		a, err := netip.ParseAddr(text)
		if err == nil {
			return a, nil
		}
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return a, nil
	}
	known := slices.Sorted(maps.Keys(addresses))
	return netip.Addr{}, document.Problem{Field: "address", Value: name,
		Message: "neither an address nor the name of a machine, firewall or host", Hint: didYouMean(name, known)}
}

// addresses lists who has one, by name. Gateways have none.
func (t *Topology) addresses() map[string]string {
	list := map[string]string{}
	for _, f := range t.AzureFirewalls {
		list[f.Name] = f.PrivateIPAddress
	}
	for _, m := range t.VirtualMachines {
		list[m.Name] = m.PrivateIPAddress
	}
	hosts := func(of []Host) {
		for _, h := range of {
			list[h.Name] = h.Address
		}
	}
	for _, g := range t.VirtualNetworkGateways {
		hosts(g.Hosts)
	}
	if t.Internet != nil {
		hosts(t.Internet.Hosts)
	}
	return list
}
