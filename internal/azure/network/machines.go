package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/topology"
)

// machine is a virtual machine with its network interfaces. The machine itself
// may be in none of the files: an interface names the one it belongs to.
type machine struct {
	resource *resource.Resource
	spot     *spot
	nics     []*resource.Resource
}

func (b *builder) machines() {
	owned := map[*resource.Resource]bool{}
	for _, r := range b.catalog.of(machineType) {
		b.used[r] = true
		m := machine{resource: r, spot: b.spot(r)}
		profile := &spot{b: b, file: r.File, line: r.Body.At(), title: m.spot.title, body: m.spot.body.Get("networkProfile")}
		for _, id := range profile.ids("networkInterfaces") {
			nic, err := b.catalog.resolve(r.File, id, nicType)
			if err != nil {
				m.spot.leaveOut("its "+err.Error(), hintFor(nicType))
				continue
			}
			owned[nic] = true
			m.nics = append(m.nics, nic)
		}
		m.spot.bad = m.spot.bad || profile.bad
		b.machine(m)
	}
	b.interfaces(owned)
}

// interfaces takes up the network interfaces whose machines are in none of the
// files, and tells of those that belong to none.
func (b *builder) interfaces(owned map[*resource.Resource]bool) {
	var machines []*machine
	for _, nic := range b.catalog.of(nicType) {
		b.used[nic] = true
		if owned[nic] {
			continue
		}
		s := b.spot(nic)
		id, ok := resource.ParseID(s.id("virtualMachine"))
		if !ok {
			s.leaveOut("it belongs to no virtual machine", "")
			continue
		}
		i := slices.IndexFunc(machines, func(m *machine) bool { return m.resource.ID.Matches(id) })
		if i < 0 {
			s.title = id.Title()
			machines = append(machines, &machine{resource: &resource.Resource{ID: id, File: nic.File, Body: nic.Body}, spot: s})
			i = len(machines) - 1
		}
		machines[i].nics = append(machines[i].nics, nic)
	}
	for _, m := range machines {
		b.machine(*m)
	}
}

// machine adds a machine with one interface to the topology.
func (b *builder) machine(m machine) {
	switch {
	case m.spot.bad:
		return
	case len(m.nics) == 0:
		m.spot.leaveOut("it names no network interface", "")
		return
	case len(m.nics) > 1:
		var names []string
		for _, nic := range m.nics {
			names = append(names, nic.ID.Name())
		}
		m.spot.leaveOut(fmt.Sprintf("machines with several interfaces are not supported (it has %s)", strings.Join(names, ", ")),
			"write one machine for each interface that matters by hand")
		return
	}
	nic := b.spot(m.nics[0])
	at, ok := b.endpoint(nic)
	if !ok || nic.bad {
		m.spot.leaveOut(fmt.Sprintf("its interface %s has no place in a subnet of these files", m.nics[0].ID.Name()), "")
		return
	}
	v := topology.VirtualMachine{
		Name: b.name(aNode, m.resource), Subnet: at.subnet, PrivateIPAddress: at.address,
		EnableIPForwarding: nic.is("enableIPForwarding"),
		Services:           slices.Clone(b.options.Services),
	}
	if group := b.referred(nic, "networkSecurityGroup", groupType, aGroup); group != "" {
		v.NetworkSecurityGroup = &topology.Reference{ID: group}
	}
	b.addresses[m.nics[0]] = at.address
	b.came(m.spot, "virtualMachines", v.Name)
	b.t.VirtualMachines = append(b.t.VirtualMachines, v)
}
