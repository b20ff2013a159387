package network

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/arm"
	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/topology"
)

func (b *builder) routeTables() {
	for _, r := range b.catalog.of(tableType) {
		b.used[r] = true
		s := b.spot(r)
		table := topology.RouteTable{Name: b.name(aTable, r), DisableBgpRoutePropagation: s.is("disableBgpRoutePropagation")}
		for _, p := range b.parts(r, s, routesField) {
			if route, ok := b.route(p); ok {
				b.came(p.spot, "routeTables", table.Name, routesField, route.Name)
				table.Routes = append(table.Routes, route)
			}
		}
		if !s.bad {
			b.came(s, "routeTables", table.Name)
			b.t.RouteTables = append(b.t.RouteTables, table)
		}
	}
}

func (b *builder) route(p part) (topology.Route, bool) {
	const hop = "nextHopIpAddress"
	address, known := p.after(hop, b.addressOf)
	if known {
		p.note(resource.Assumed, p.body.Get(hop), hop, address, "the template refers to an address that is chosen when it is deployed", "")
	} else {
		address = p.text(hop)
	}
	if prefix := p.text("addressPrefix"); isTag(prefix) {
		p.leaveOut(fmt.Sprintf("service tags are not supported as prefixes: %s", prefix), "")
	}
	r := topology.Route{
		Name:          legal(p.name, longestName),
		AddressPrefix: p.text("addressPrefix"),
		NextHopType:   topology.NextHopType(p.text("nextHopType")),
	}
	if strings.EqualFold(string(r.NextHopType), string(topology.VirtualAppliance)) {
		r.NextHopIPAddress = address
	}
	return r, !p.bad
}

// isTag tells a service tag, as Storage.WestEurope, from a prefix.
func isTag(prefix string) bool { return prefix != "" && !strings.ContainsAny(prefix, "/:") }

// addressOf is the address of the interface that a template's expression
// refers to.
func (b *builder) addressOf(after *arm.AfterDeployment) (string, bool) {
	if !strings.HasSuffix(strings.ToLower(after.Path), "privateipaddress") {
		return "", false
	}
	for _, r := range b.catalog.of(after.ID.Type) {
		if address, known := b.addresses[r]; known && r.ID.Matches(after.ID) {
			return address, true
		}
	}
	return "", false
}
