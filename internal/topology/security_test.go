package topology

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestVirtualNetworkPrefixes checks what the tag stands for at spoke/workload.
func TestVirtualNetworkPrefixes(t *testing.T) {
	t.Parallel()
	both := [][2]string{{"spoke", "hub"}, {"hub", "spoke"}}
	for _, tt := range []struct {
		name     string
		peerings [][2]string
		routes   []Route
		gateway  []string
		want     []string
	}{
		{name: "own and peered", peerings: both, want: []string{"10.1.0.0/24", "10.1.1.0/24"}},
		{name: "what a gateway knows", gateway: []string{"10.100.0.0/16"}, want: []string{"10.100.0.0/16", "10.1.1.0/24"}},
		{name: "a UDR to an appliance makes it everything", peerings: both,
			routes: []Route{{"default", "0.0.0.0/0", VirtualAppliance, "10.1.0.4"}}, want: []string{"0.0.0.0/0"}},
		{name: "UDRs to the internet and to nothing do not",
			routes: []Route{{"default", "0.0.0.0/0", ToInternet, ""}, {"drop", "10.9.0.0/16", None, ""}}, want: []string{"10.1.1.0/24"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			top := threeNetworks(tt.routes, tt.peerings)
			if tt.gateway != nil {
				withGateway(top, "spoke", tt.gateway...)
			}
			prefixes, err := top.VirtualNetworkPrefixes("spoke", "workload")
			if err != nil {
				t.Fatalf("VirtualNetworkPrefixes() error:\n%+v", err)
			}
			got := namesOf(prefixes, netip.Prefix.String)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("VirtualNetworkPrefixes() (-want, +got):\n%s", diff)
			}
		})
	}
	if _, err := threeNetworks(nil, nil).VirtualNetworkPrefixes("spoke", "none"); err == nil {
		t.Error("VirtualNetworkPrefixes() of no subnet has no error")
	}
}

// TestEffectiveSecurityRules checks the order and the defaults.
func TestEffectiveSecurityRules(t *testing.T) {
	t.Parallel()
	top := editableNetworks()
	late := ruleOfSSH
	late.Name, late.Priority, late.Access, late.Protocol = "late", 4096, AccessDeny, ProtocolAny
	top.NetworkSecurityGroups[0].SecurityRules = []SecurityRule{late, ruleOfSSH}
	rules, err := top.EffectiveSecurityRules("nsg", "spoke", "workload", Inbound)
	if err != nil {
		t.Fatalf("EffectiveSecurityRules() error:\n%+v", err)
	}
	names := namesOf(rules, func(r EffectiveSecurityRule) string { return r.Name })
	if diff := cmp.Diff([]string{"ssh", "late", "AllowVnetInBound", "AllowAzureLoadBalancerInBound", "DenyAllInBound"}, names); diff != "" {
		t.Errorf("rules (-want, +got):\n%s", diff)
	}
	if rules[0].Protocol != 6 || rules[0].Default || !rules[2].Default || rules[1].Protocol != 0 {
		t.Errorf("rules = %+v", rules)
	}
	for _, at := range [][3]string{{"none", "spoke", "workload"}, {"nsg", "none", "workload"}, {"nsg", "spoke", "none"}} {
		if _, err := top.EffectiveSecurityRules(at[0], at[1], at[2], Inbound); err == nil {
			t.Errorf("EffectiveSecurityRules(%v) has no error", at)
		}
	}
}

// TestSomeRuleDecides: whatever the packet, the last default rule matches.
func TestSomeRuleDecides(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		top := drawTopology(rt)
		p := Packet{Source: drawAddress(rt), Destination: drawAddress(rt), Protocol: rapid.Byte().Draw(rt, "protocol"), DestinationPort: rapid.Uint16().Draw(rt, "port")}
		for _, g := range top.NetworkSecurityGroups {
			for _, n := range top.VirtualNetworks {
				for _, s := range n.Subnets {
					for _, d := range directions {
						rules, err := top.EffectiveSecurityRules(g.Name, n.Name, s.Name, d)
						if err != nil || !slices.ContainsFunc(rules, func(r EffectiveSecurityRule) bool { return r.Matches(p) }) {
							rt.Fatalf("no rule of %s decides on %+v: %v", g.Name, p, err)
						}
					}
				}
			}
		}
	})
}

// TestWithout: an address is in one of the parts if it is in the prefix and in
// no hole, and in no more than one.
func TestWithout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		draw := func() netip.Prefix {
			return netip.PrefixFrom(drawAddress(rt), rapid.IntRange(0, 32).Draw(rt, "bits")).Masked()
		}
		whole := draw()
		var holes []netip.Prefix
		for range rapid.IntRange(0, 4).Draw(rt, "holes") {
			holes = append(holes, draw())
		}
		a := drawAddress(rt)
		count := 0
		for _, p := range without(whole, holes) {
			if p.Contains(a) {
				count++
			}
		}
		want := 0
		if whole.Contains(a) && !containsAddress(holes, a) {
			want = 1
		}
		if count != want {
			rt.Fatalf("%s is in %d parts of %s without %v, want %d", a, count, whole, holes, want)
		}
	})
}

func TestSubnetSecurityGroup(t *testing.T) {
	t.Parallel()
	top := readTopology(t, "testdata/networks/security.yaml")
	for subnet, want := range map[string]string{"web": "nsg-web", "db": "", "none": ""} {
		if got := top.SubnetSecurityGroup("net", subnet); got != want {
			t.Errorf("SubnetSecurityGroup(%s) = %q, want %q", subnet, got, want)
		}
	}
	top.VirtualNetworks[0].Subnets[0].Name = gatewaySubnet
	if got := top.SubnetSecurityGroup("net", gatewaySubnet); got != "" {
		t.Errorf("SubnetSecurityGroup(%s) = %q, want none", gatewaySubnet, got)
	}
}

// TestJSON encodes what others read, and reads it back.
func TestJSON(t *testing.T) {
	t.Parallel()
	for _, name := range globbed(t, "testdata/networks/*.yaml") {
		findings := readTopology(t, name).Check()
		data, err := json.Marshal(findings)
		if err != nil {
			t.Fatal(err)
		}
		var got []Finding
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		compare := cmp.Options{cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })}
		if diff := cmp.Diff(findings, got, compare); diff != "" {
			t.Errorf("%s: findings after JSON (-want, +got):\n%s", name, diff)
		}
	}
	top := readTopology(t, "testdata/networks/security.yaml")
	trip := top.RoundTrip(question(t, top, "web1 db1:22 tcp"))
	data, err := json.Marshal(trip)
	if err != nil {
		t.Fatal(err)
	}
	var got RoundTrip
	if err := json.Unmarshal(data, &got); err != nil || got.There.Denied == nil || *got.There.Denied != *trip.There.Denied {
		t.Errorf("round trip after JSON = %+v, error %v", got, err)
	}
}

func TestAddressOf(t *testing.T) {
	t.Parallel()
	top := readTopology(t, "testdata/networks/premises.yaml")
	for name, want := range map[string]string{"vm1": "10.1.1.4", "fw": "10.1.0.4", "dc": "10.100.0.4", "192.0.2.1": "192.0.2.1"} {
		got, err := top.AddressOf(name)
		if err != nil || got.String() != want {
			t.Errorf("AddressOf(%s) = %s, %v; want %s", name, got, err, want)
		}
	}
	_, err := top.AddressOf("vm-hob")
	checkError(t, err, "address: neither an address nor the name of a machine, firewall or host (got \"vm-hob\")\n  hint: did you mean \"vm-hub\"?")
}

func TestGatewayFor(t *testing.T) {
	t.Parallel()
	top := readTopology(t, "testdata/networks/premises.yaml")
	a := netip.MustParseAddr("10.100.0.4")
	for network, want := range map[string]bool{"hub": true, "spoke1": true, "spoke2": false, "none": false} {
		g, ok := top.GatewayFor(network, EffectiveRoute{NextHopType: ToGateway}, a)
		if ok != want || ok && g.Name != "vpn" {
			t.Errorf("GatewayFor(%s) = %v, %v; want %v", network, g, ok, want)
		}
	}
}
