package diagnose

import (
	"net/netip"

	"github.com/sekisho/sekisho/internal/topology"
)

// resource is a machine, firewall or host of the topology, with its services.
type resource struct {
	name, network, subnet string
	services              []topology.Service
}

// endpoint names an end by the topology.
func (q *inquiry) endpoint(a netip.Addr, port uint16) Endpoint {
	e := Endpoint{Address: a, Port: port}
	if r, ok := q.resource(a); ok {
		e.Name, e.Network, e.Subnet = r.name, r.network, r.subnet
		for _, s := range r.services {
			if s.Port == port && port != 0 {
				e.Service = s.Name
			}
		}
	}
	return e
}

// resource finds who has an address by the topology.
func (q *inquiry) resource(a netip.Addr) (resource, bool) {
	t := q.c.Topology
	if t == nil || !a.IsValid() {
		return resource{}, false
	}
	a = a.Unmap()
	for _, nic := range t.Interfaces() {
		if nic.Address == a {
			return resource{nic.Owner, nic.Network, nic.Subnet, servicesOf(t, nic.Owner)}, true
		}
	}
	var hosts []topology.Host
	for _, g := range t.VirtualNetworkGateways {
		hosts = append(hosts, g.Hosts...)
	}
	if t.Internet != nil {
		hosts = append(hosts, t.Internet.Hosts...)
	}
	for _, h := range hosts {
		if address, err := netip.ParseAddr(h.Address); err == nil && address == a {
			return resource{name: h.Name, services: h.Services}, true
		}
	}
	return resource{}, false
}

func servicesOf(t *topology.Topology, machine string) []topology.Service {
	for _, m := range t.VirtualMachines {
		if m.Name == machine {
			return m.Services
		}
	}
	return nil
}

// serverAddress is where the server's packets go in the end: behind address
// translation.
func (q *inquiry) serverAddress() netip.AddrPort {
	if q.talk.translated.IsValid() {
		return q.talk.translated.Dest
	}
	return q.talk.server
}

// nameOf is the topology's name of an end, or the word for it.
func (q *inquiry) nameOf(place string) string {
	a := netip.Addr{}
	switch place {
	case AtClient:
		a = q.talk.client.Addr()
	case AtServer:
		a = q.serverAddress().Addr()
	}
	if r, ok := q.resource(a); ok {
		return r.name
	}
	return place
}
