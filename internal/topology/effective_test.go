package topology

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/document"
)

// effectiveCase is about the routes of subnet spoke/workload. The network is
// 10.1.1.0/24, with hub 10.1.0.0/24 and other 10.1.2.0/24 beside it; each case
// says which peerings there are and what the route table says.
type effectiveCase struct {
	name     string
	peerings [][2]string // from, to
	edit     func(*Topology)
	routes   []Route
	want     string
}

// none are the routes to None where nothing ends them.
const none = `
		Default Active 10.0.0.0/8 None
		Default Active 100.64.0.0/10 None
		Default Active 172.16.0.0/12 None
		Default Active 192.168.0.0/16 None`

func TestEffectiveRoutes(t *testing.T) {
	t.Parallel()
	tests := []effectiveCase{
		{
			name: "system routes only",
			want: `
				Default Active 0.0.0.0/0 Internet` + none + `
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:     "the default UDR does not beat a peering, and ends the routes to None",
			peerings: [][2]string{{"spoke", "hub"}, {"hub", "spoke"}},
			routes:   []Route{{"default", "0.0.0.0/0", VirtualAppliance, "10.1.0.4"}},
			want: `
				Default Invalid 0.0.0.0/0 Internet
				User Active 0.0.0.0/0 VirtualAppliance 10.1.0.4 rt/default
				Default Active 10.1.0.0/24 VNetPeering to-hub
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:     "a UDR of the same prefix beats a peering",
			peerings: [][2]string{{"spoke", "hub"}, {"hub", "spoke"}},
			routes:   []Route{{"hub", "10.1.0.0/24", VirtualAppliance, "10.1.0.4"}},
			want: `
				Default Active 0.0.0.0/0 Internet` + none + `
				Default Invalid 10.1.0.0/24 VNetPeering to-hub
				User Active 10.1.0.0/24 VirtualAppliance 10.1.0.4 rt/hub
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:     "a UDR for a summary overrides nothing, a more specific one is listed beside",
			peerings: [][2]string{{"spoke", "hub"}, {"hub", "spoke"}},
			routes: []Route{
				{"summary", "10.1.0.0/16", VirtualAppliance, "10.1.0.4"},
				{"part", "10.1.0.64/26", None, ""},
				{"default", "0.0.0.0/0", VirtualAppliance, "10.1.0.4"},
			},
			want: `
				Default Invalid 0.0.0.0/0 Internet
				User Active 0.0.0.0/0 VirtualAppliance 10.1.0.4 rt/default
				User Active 10.1.0.0/16 VirtualAppliance 10.1.0.4 rt/summary
				Default Active 10.1.0.0/24 VNetPeering to-hub
				Default Active 10.1.1.0/24 VnetLocal
				User Active 10.1.0.64/26 None rt/part`,
		},
		{
			name:   "a UDR to None for the own address space",
			routes: []Route{{"drop", "10.1.1.0/24", None, ""}, {"default", "0.0.0.0/0", VirtualAppliance, "10.1.0.4"}},
			want: `
				Default Invalid 0.0.0.0/0 Internet
				User Active 0.0.0.0/0 VirtualAppliance 10.1.0.4 rt/default
				Default Invalid 10.1.1.0/24 VnetLocal
				User Active 10.1.1.0/24 None rt/drop`,
		},
		{
			name:   "a default UDR to the internet leaves the routes to None",
			routes: []Route{{"default", "0.0.0.0/0", ToInternet, ""}},
			want: `
				Default Invalid 0.0.0.0/0 Internet
				User Active 0.0.0.0/0 Internet rt/default` + none + `
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:   "a UDR of a reserved range takes the place of its route to None",
			routes: []Route{{"cgn", "100.64.0.0/10", VirtualAppliance, "10.1.0.4"}},
			want: `
				Default Active 0.0.0.0/0 Internet
				Default Active 10.0.0.0/8 None
				User Active 100.64.0.0/10 VirtualAppliance 10.1.0.4 rt/cgn
				Default Active 172.16.0.0/12 None
				Default Active 192.168.0.0/16 None
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:     "one half of a peering has no route",
			peerings: [][2]string{{"spoke", "hub"}, {"other", "spoke"}},
			want: `
				Default Active 0.0.0.0/0 Internet` + none + `
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:     "peering is not transitive",
			peerings: [][2]string{{"spoke", "hub"}, {"hub", "spoke"}, {"hub", "other"}, {"other", "hub"}},
			want: `
				Default Active 0.0.0.0/0 Internet` + none + `
				Default Active 10.1.0.0/24 VNetPeering to-hub
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:     "a peering without access has no route",
			peerings: [][2]string{{"spoke", "hub"}, {"hub", "spoke"}},
			edit: func(top *Topology) {
				top.network("spoke").VirtualNetworkPeerings[0].AllowVirtualNetworkAccess = new(bool)
			},
			want: `
				Default Active 0.0.0.0/0 Internet` + none + `
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:     "a route for each prefix of both networks, reserved ranges among them",
			peerings: [][2]string{{"spoke", "hub"}, {"hub", "spoke"}},
			edit: func(top *Topology) {
				top.network("spoke").AddressSpace.AddressPrefixes = []string{"10.1.1.0/24", "172.16.0.0/12"}
				top.network("hub").AddressSpace.AddressPrefixes = []string{"192.168.0.0/16", "100.0.0.0/8"}
			},
			want: `
				Default Active 0.0.0.0/0 Internet
				Default Active 10.0.0.0/8 None
				Default Active 100.0.0.0/8 VNetPeering to-hub
				Default Active 172.16.0.0/12 VnetLocal
				Default Active 192.168.0.0/16 VNetPeering to-hub
				Default Active 10.1.1.0/24 VnetLocal`,
		},
	}
	runEffectiveCases(t, tests)
}

func threeNetworks(routes []Route, peerings [][2]string) *Topology {
	top := &Topology{Name: "lab", RouteTables: []RouteTable{{Name: "rt", Routes: routes}}}
	for name, prefix := range map[string]string{"hub": "10.1.0.0/24", "spoke": "10.1.1.0/24", "other": "10.1.2.0/24"} {
		n := VirtualNetwork{Name: name, AddressSpace: AddressSpace{[]string{prefix}},
			Subnets: []Subnet{{Name: "workload", AddressPrefix: prefix, RouteTable: &Reference{"rt"}}}}
		for _, p := range peerings {
			if p[0] == name {
				n.VirtualNetworkPeerings = append(n.VirtualNetworkPeerings,
					Peering{Name: "to-" + p[1], RemoteVirtualNetwork: Reference{p[1]}})
			}
		}
		top.VirtualNetworks = append(top.VirtualNetworks, n)
	}
	return top
}

func TestEffectiveRoutesOfGateways(t *testing.T) {
	t.Parallel()
	runEffectiveCases(t, []effectiveCase{
		{
			name: "an own gateway: networks before gateways, gateways before system routes",
			edit: func(top *Topology) {
				withGateway(top, "spoke", "0.0.0.0/0", "10.0.0.0/8", "10.1.1.0/24", "10.1.1.128/25")
			},
			want: `
				Default Invalid 0.0.0.0/0 Internet
				VirtualNetworkGateway Active 0.0.0.0/0 VirtualNetworkGateway vpn
				VirtualNetworkGateway Active 10.0.0.0/8 VirtualNetworkGateway vpn
				Default Active 10.1.1.0/24 VnetLocal
				VirtualNetworkGateway Invalid 10.1.1.0/24 VirtualNetworkGateway vpn
				VirtualNetworkGateway Invalid 10.1.1.128/25 VirtualNetworkGateway vpn`,
		},
		{
			name:   "a UDR before a gateway",
			edit:   func(top *Topology) { withGateway(top, "spoke", "10.100.0.0/16") },
			routes: []Route{{"premises", "10.100.0.0/16", VirtualAppliance, "10.1.0.4"}, {"default", "0.0.0.0/0", ToGateway, ""}},
			want: `
				Default Invalid 0.0.0.0/0 Internet
				User Active 0.0.0.0/0 VirtualNetworkGateway rt/default
				VirtualNetworkGateway Invalid 10.100.0.0/16 VirtualNetworkGateway vpn
				User Active 10.100.0.0/16 VirtualAppliance 10.1.0.4 rt/premises
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:     "a borrowed gateway",
			peerings: [][2]string{{"spoke", "hub"}, {"hub", "spoke"}},
			edit: func(top *Topology) {
				withGateway(top, "hub", "10.100.0.0/16", "10.1.0.0/16")
				top.network("spoke").VirtualNetworkPeerings[0].UseRemoteGateways = true
				top.network("hub").VirtualNetworkPeerings[0].AllowGatewayTransit = true
			},
			want: `
				Default Active 0.0.0.0/0 Internet
				Default Active 10.0.0.0/8 None
				Default Active 100.64.0.0/10 None
				Default Active 172.16.0.0/12 None
				VirtualNetworkGateway Active 10.1.0.0/16 VirtualNetworkGateway to-hub vpn
				VirtualNetworkGateway Active 10.100.0.0/16 VirtualNetworkGateway to-hub vpn
				Default Active 192.168.0.0/16 None
				Default Active 10.1.0.0/24 VNetPeering to-hub
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name:     "one side alone does not lend a gateway",
			peerings: [][2]string{{"spoke", "hub"}, {"hub", "spoke"}},
			edit: func(top *Topology) {
				withGateway(top, "hub", "10.100.0.0/16")
				top.network("spoke").VirtualNetworkPeerings[0].UseRemoteGateways = true
			},
			want: `
				Default Active 0.0.0.0/0 Internet` + none + `
				Default Active 10.1.0.0/24 VNetPeering to-hub
				Default Active 10.1.1.0/24 VnetLocal`,
		},
		{
			name: "a table that keeps the routes of gateways away",
			edit: func(top *Topology) {
				withGateway(top, "spoke", "10.100.0.0/16")
				top.RouteTables[0].DisableBgpRoutePropagation = true
			},
			want: `
				Default Active 0.0.0.0/0 Internet` + none + `
				Default Active 10.1.1.0/24 VnetLocal`,
		},
	})
}

func runEffectiveCases(t *testing.T, tests []effectiveCase) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			top := threeNetworks(tt.routes, tt.peerings)
			if tt.edit != nil {
				tt.edit(top)
			}
			routes, err := top.EffectiveRoutes("spoke", "workload")
			if err != nil {
				t.Fatalf("EffectiveRoutes() error:\n%+v", err)
			}
			var got []string
			for _, r := range routes {
				got = append(got, line(r))
			}
			if diff := cmp.Diff(lines(tt.want), got); diff != "" {
				t.Errorf("EffectiveRoutes() (-want, +got):\n%s", diff)
			}
		})
	}
}

func withGateway(top *Topology, network string, routes ...string) {
	top.VirtualNetworkGateways = []Gateway{{Name: "vpn", Subnet: network + "/workload", Routes: routes}}
}

// line shows a route as Azure's command line does, and where it comes from.
func line(r EffectiveRoute) string {
	parts := []string{string(r.Source), string(r.State), r.AddressPrefix.String(), string(r.NextHopType)}
	if r.NextHopIPAddress.IsValid() {
		parts = append(parts, r.NextHopIPAddress.String())
	}
	if r.RouteTable != "" {
		parts = append(parts, r.RouteTable+"/"+r.Name)
	}
	if r.Peering != "" {
		parts = append(parts, r.Peering)
	}
	if r.Gateway != "" {
		parts = append(parts, r.Gateway)
	}
	return strings.Join(parts, " ")
}

func lines(text string) []string {
	var list []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			list = append(list, l)
		}
	}
	return list
}

func TestEffectiveRoutesErrors(t *testing.T) {
	t.Parallel()
	bad := threeNetworks([]Route{{"r", "ten", None, ""}}, nil)
	noHop := threeNetworks([]Route{{"r", "10.0.0.0/8", VirtualAppliance, ""}}, nil)
	tests := []struct {
		name, network, subnet string
		top                   *Topology
		want                  string
	}{
		{"no network", "spok", "workload", threeNetworks(nil, nil),
			"virtual network: there is none of this name (got \"spok\")\n  hint: did you mean \"spoke\"?"},
		{"no subnet", "spoke", "vms", threeNetworks(nil, nil),
			"subnet of spoke: there is none of this name (got \"vms\")\n  hint: known here: workload"},
		{"bad prefix", "spoke", "workload", bad,
			`read route r of table rt: netip.ParsePrefix("ten"): no '/'`},
		{"bad next hop", "spoke", "workload", noHop,
			`read next hop of route r of table rt: ParseAddr(""): unable to parse IP`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.top.EffectiveRoutes(tt.network, tt.subnet)
			if err == nil || err.Error() != tt.want {
				t.Errorf("EffectiveRoutes() error = %v, want %s", err, tt.want)
			}
			if _, ok := tt.top.NextHop(tt.network, tt.subnet, netip.MustParseAddr("10.1.0.4")); ok {
				t.Error("NextHop() found a route")
			}
		})
	}
	var p document.Problem
	if _, err := threeNetworks(nil, nil).EffectiveRoutes("x", "y"); !errors.As(err, &p) {
		t.Errorf("EffectiveRoutes() error is a %T, want document.Problem", err)
	}
}
