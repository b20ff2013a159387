package network

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/topology"
)

// gateways takes up virtual network gateways with the prefixes that are known
// to lie behind them: those of the local network gateways that they have
// connections to, and what they were asked for by list-learned-routes.
func (b *builder) gateways(learned []Learned) {
	for _, r := range b.catalog.of(gatewayType) {
		b.used[r] = true
		s := b.spot(r)
		subnet := ""
		for _, c := range s.items("ipConfigurations") {
			if subnet == "" {
				subnet = b.subnetOf(c)
			}
			s.bad = s.bad || c.bad
		}
		if subnet == "" || s.bad {
			if !s.bad {
				s.leaveOut("it has no place in a subnet of these files", hintFor(networkType))
			}
			continue
		}
		g := topology.Gateway{Name: b.name(aNode, r), Subnet: subnet, Routes: b.behind(r)}
		b.came(s, "virtualNetworkGateways", g.Name)
		b.t.VirtualNetworkGateways = append(b.t.VirtualNetworkGateways, g)
		if len(g.Routes) == 0 && len(learned) == 0 {
			s.note(resource.LeftOut, nil, "routes", "", "the prefixes behind the gateway are in none of the files",
				"add the output of az network vnet-gateway list-learned-routes -o json, or write them under routes")
		}
	}
	b.learned(learned)
}

// behind lists the prefixes of the sites that a gateway is connected to.
func (b *builder) behind(gateway *resource.Resource) []string {
	var prefixes []string
	for _, c := range b.catalog.of(connectionType) {
		s := b.spot(c)
		ours, err := b.catalog.resolve(s.file, s.id("virtualNetworkGateway1"), gatewayType)
		if err != nil || ours != gateway {
			continue
		}
		b.used[c] = true
		site := s.id("localNetworkGateway2")
		if site == "" {
			s.leaveOut("a connection to another gateway or a circuit: what lies behind it is not in the files", "")
			continue
		}
		local, err := b.catalog.resolve(s.file, site, localGatewayType)
		if err != nil {
			s.leaveOut("its "+err.Error(), "add the output of az network local-gateway list -o json")
			continue
		}
		b.used[local] = true
		space := b.spot(local)
		space.body = space.body.Get("localNetworkAddressSpace")
		for _, p := range space.texts(prefixesField) {
			if !slices.Contains(prefixes, p) {
				prefixes = append(prefixes, p)
			}
		}
	}
	return prefixes
}

// learned gives the only gateway its learned routes. With several gateways
// nobody can tell whose they are.
func (b *builder) learned(answers []Learned) {
	for _, l := range answers {
		if len(b.t.VirtualNetworkGateways) != 1 {
			b.notes = append(b.notes, resource.Note{Kind: resource.LeftOut, File: l.File, Resource: "learned routes",
				Value: strings.Join(l.Prefixes, ", "), Reason: "the files have several gateways, or none, and the answer does not say whose routes it lists",
				Hint: "write them under routes of the gateway"})
			continue
		}
		g := &b.t.VirtualNetworkGateways[0]
		for _, p := range l.Prefixes {
			if !slices.Contains(g.Routes, p) {
				g.Routes = append(g.Routes, p)
			}
		}
	}
}
