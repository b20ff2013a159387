package topology

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	no        = false
	oneHalf   = []Peering{{Name: "to-hub", RemoteVirtualNetwork: Reference{"hub"}}}
	ruleOfSSH = SecurityRule{Name: "ssh", Priority: 100, Direction: Inbound, Access: AccessAllow, Protocol: ProtocolTCP,
		SourceAddressPrefix: TagVirtualNetwork, SourcePortRange: Any, DestinationAddressPrefix: Any, DestinationPortRange: "22"}
)

// editableNetworks has a peering and a security rule to be changed.
func editableNetworks() *Topology {
	top := threeNetworks(nil, [][2]string{{"spoke", "hub"}, {"hub", "spoke"}})
	top.NetworkSecurityGroups = []NetworkSecurityGroup{{Name: "nsg", SecurityRules: []SecurityRule{ruleOfSSH}}}
	return top
}

func TestSetPeering(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		network string
		peering Peering
		want    []Peering
		wantErr string
	}{
		{name: "same name", network: "spoke", peering: Peering{Name: "to-hub", RemoteVirtualNetwork: Reference{"/virtualNetworks/hub"}, AllowForwardedTraffic: &no},
			want: []Peering{{Name: "to-hub", RemoteVirtualNetwork: Reference{"hub"}, AllowForwardedTraffic: &no}}},
		{name: "same remote network keeps the name", network: "/virtualNetworks/spoke", peering: Peering{RemoteVirtualNetwork: Reference{"hub"}, AllowGatewayTransit: true},
			want: []Peering{{Name: "to-hub", RemoteVirtualNetwork: Reference{"hub"}, AllowGatewayTransit: true}}},
		{name: "new", network: "spoke", peering: Peering{Name: "to-other", RemoteVirtualNetwork: Reference{"other"}},
			want: []Peering{oneHalf[0], {Name: "to-other", RemoteVirtualNetwork: Reference{"other"}}}},
		{name: "no network", network: "spok", wantErr: "virtual network: there is none of this name (got \"spok\")\n  hint: did you mean \"spoke\"?"},
		{name: "no remote network", network: "spoke", peering: Peering{Name: "x", RemoteVirtualNetwork: Reference{"hug"}},
			wantErr: "virtualNetworks[0].virtualNetworkPeerings[1].remoteVirtualNetwork.id: there is no virtual network of this name (got \"hug\")\n  hint: did you mean \"hub\"?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := inOrder(editableNetworks())
			after, err := before.SetPeering(tt.network, tt.peering)
			checkError(t, err, tt.wantErr)
			if diff := cmp.Diff(oneHalf, before.network("spoke").VirtualNetworkPeerings); diff != "" {
				t.Errorf("the original has changed (-want, +got):\n%s", diff)
			}
			if err == nil {
				if diff := cmp.Diff(tt.want, after.network("spoke").VirtualNetworkPeerings); diff != "" {
					t.Errorf("peerings (-want, +got):\n%s", diff)
				}
			}
		})
	}
}

// inOrder puts the network that is changed first, for messages that number it.
func inOrder(top *Topology) *Topology {
	for i, n := range top.VirtualNetworks {
		if n.Name == "spoke" {
			top.VirtualNetworks[0], top.VirtualNetworks[i] = top.VirtualNetworks[i], top.VirtualNetworks[0]
		}
	}
	return top
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want, +got):\n%s", diff)
	}
}

func TestDeletePeering(t *testing.T) {
	t.Parallel()
	before := editableNetworks()
	after, err := before.DeletePeering("spoke", "to-hub")
	if err != nil {
		t.Fatalf("DeletePeering() error:\n%+v", err)
	}
	if got := after.network("spoke").VirtualNetworkPeerings; got != nil {
		t.Errorf("peerings = %v, want nil", got)
	}
	if got := len(before.network("spoke").VirtualNetworkPeerings); got != 1 {
		t.Errorf("the original has %d peerings, want 1", got)
	}
	_, err = before.DeletePeering("spoke", "to-hob")
	checkError(t, err, "peering of spoke: there is none of this name (got \"to-hob\")\n  hint: did you mean \"to-hub\"?")
	_, err = before.DeletePeering("nowhere", "to-hub")
	if err == nil {
		t.Error("DeletePeering() of a network that is not there has no error")
	}
}

func TestSetSecurityRule(t *testing.T) {
	t.Parallel()
	before := editableNetworks()
	changed := ruleOfSSH
	changed.Access, changed.Protocol, changed.SourceAddressPrefix = "deny", "tcp", "virtualnetwork"
	want := ruleOfSSH
	want.Access = AccessDeny
	after, err := before.SetSecurityRule("/networkSecurityGroups/nsg", changed)
	if err != nil {
		t.Fatalf("SetSecurityRule() error:\n%+v", err)
	}
	if diff := cmp.Diff([]SecurityRule{want}, after.NetworkSecurityGroups[0].SecurityRules); diff != "" {
		t.Errorf("rules (-want, +got):\n%s", diff)
	}
	if diff := cmp.Diff([]SecurityRule{ruleOfSSH}, before.NetworkSecurityGroups[0].SecurityRules); diff != "" {
		t.Errorf("the original has changed (-want, +got):\n%s", diff)
	}
	second := ruleOfSSH
	second.Name = "ssh-again"
	_, err = before.SetSecurityRule("nsg", second)
	checkError(t, err, "networkSecurityGroups[0].securityRules[1].priority: already used by another rule of the group and direction (got \"100\")\n"+
		"  hint: the other one is networkSecurityGroups[0].securityRules[0].priority")
	_, err = before.SetSecurityRule("nsq", second)
	checkError(t, err, "network security group: there is none of this name (got \"nsq\")\n  hint: did you mean \"nsg\"?")
}

func TestDeleteSecurityRule(t *testing.T) {
	t.Parallel()
	before := editableNetworks()
	after, err := before.DeleteSecurityRule("nsg", "ssh")
	if err != nil {
		t.Fatalf("DeleteSecurityRule() error:\n%+v", err)
	}
	if after.NetworkSecurityGroups[0].SecurityRules != nil || len(before.NetworkSecurityGroups[0].SecurityRules) != 1 {
		t.Errorf("rules = %v, and %v in the original", after.NetworkSecurityGroups[0].SecurityRules, before.NetworkSecurityGroups[0].SecurityRules)
	}
	_, err = before.DeleteSecurityRule("nsg", "AllowVnetInBound")
	checkError(t, err, "security rule of nsg: there is none of this name (got \"AllowVnetInBound\")\n  hint: known here: ssh")
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	top := editableNetworks()
	for name, f := range map[string]Fix{
		"nothing":       {},
		"no route":      {Kind: FixRoute, Table: "rt"},
		"no machine":    {Kind: FixNIC, Machine: "vm"},
		"no table":      {Kind: FixRoute, Table: "other", Route: &Route{Name: "a", AddressPrefix: "10.8.0.0/16", NextHopType: None}},
		"no subnet":     {Kind: FixRoute, Table: "new", NewTable: true, Subnet: "spoke/none", Route: &Route{Name: "a", AddressPrefix: "10.8.0.0/16", NextHopType: None}},
		"not valid":     {Kind: FixRoute, Table: "rt", Route: &Route{Name: "a", AddressPrefix: "10.8.0.1/16", NextHopType: None}},
		"no such route": {Kind: FixRoute, Table: "rt", Delete: true, Route: &Route{Name: "a"}},
		"no group":      {Kind: FixSecurityRule, Group: "other", SecurityRule: &ruleOfSSH},
		"no half":       {Kind: FixPeering, Network: "spoke", Delete: true, Peering: &Peering{Name: "x"}},
	} {
		if changed, err := top.Apply(f); err == nil {
			t.Errorf("%s: Apply() = %v, want an error", name, changed)
		}
	}
}
