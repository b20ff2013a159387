package network

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/azure/cli"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// build makes a network of a listing whose ids are short: "T/n" stands for the
// resource n of Microsoft.Network's type T in the group rg.
func build(t *testing.T, listing string) *Result {
	t.Helper()
	listing = strings.ReplaceAll(listing, "RG/", "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/")
	n, err := tree.Parse([]byte(listing))
	if err != nil {
		t.Fatal(err)
	}
	list, _ := cli.Resources("f", n)
	result, problems := Build(Source{Resources: list}, Options{Name: "f"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if err := result.Topology.Validate().Err(); err != nil {
		t.Fatalf("the topology is not sound: %v", err)
	}
	return result
}

// told lists the notes without their files.
func told(r *Result) []string {
	var list []string
	for _, n := range r.Notes {
		n.File, n.Line = "", 0
		list = append(list, n.String())
	}
	return list
}

func TestLegal(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"vm1": "vm1", "_x": "x", "a b/c": "a-b-c", "é": "unnamed", "": "unnamed", "ends-.": "ends", "..": "unnamed",
		strings.Repeat("x", 40): strings.Repeat("x", 32),
	} {
		if got := legal(name, longestNode); got != want {
			t.Errorf("legal(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestNamesAreTakenOnce(t *testing.T) {
	t.Parallel()
	b := newBuilder(Source{}, Options{})
	for _, want := range []string{"vm", "vm-2", "vm-3"} {
		if got := b.free(aNode, "VM", longestNode); !strings.EqualFold(got, want) {
			t.Errorf("free() = %q, want %q", got, want)
		}
	}
	long := strings.Repeat("x", longestNode)
	b.free(aNode, long, longestNode)
	if got := b.free(aNode, long, longestNode); len(got) > longestNode || got == long {
		t.Errorf("free() = %q", got)
	}
}

const hub = `{"id": "RG/virtualNetworks/hub", "name": "hub", "addressSpace": {"addressPrefixes": ["10.1.0.0/24"]},
 "subnets": [{"name": "GatewaySubnet", "addressPrefix": "10.1.0.0/27"}, {"name": "AzureFirewallSubnet", "addressPrefix": "10.1.0.64/26"}],
 "virtualNetworkPeerings": [{"name": "p", "remoteVirtualNetwork": {"id": "RG/virtualNetworks/spoke"}, "allowGatewayTransit": true, "useRemoteGateways": true},
  {"name": "self", "remoteVirtualNetwork": {"id": "RG/virtualNetworks/hub"}}]}`

const spoke = `{"id": "RG/virtualNetworks/spoke", "name": "spoke", "addressSpace": {"addressPrefixes": ["10.2.0.0/24"]}, "subnets": []}`

const gateway = `{"id": "RG/virtualNetworkGateways/vgw", "name": "vgw", "ipConfigurations": [{"name": "c", "subnet": {"id": "RG/virtualNetworks/hub/subnets/GatewaySubnet"}}]}`

// What Azure would refuse is taken out again, with the topology's own reason.
func TestPruning(t *testing.T) {
	t.Parallel()
	r := build(t, "["+strings.Join([]string{hub, spoke, gateway}, ",")+"]")
	want := []string{
		"changed: virtualNetworks hub, virtualNetworkPeerings p: useRemoteGateways \"true\": it is without this: the network has a gateway of its own",
		"left out: virtualNetworks hub, virtualNetworkPeerings self: id \"hub\": a network cannot be peered with itself",
	}
	for _, text := range want {
		if !slices.Contains(told(r), text) {
			t.Errorf("not told: %s\nnotes:\n%s", text, strings.Join(told(r), "\n"))
		}
	}
	peerings := r.Topology.VirtualNetworks[0].VirtualNetworkPeerings
	if len(peerings) != 1 || peerings[0].UseRemoteGateways || !peerings[0].AllowGatewayTransit {
		t.Errorf("peerings %+v", peerings)
	}
}

// Two interfaces with one address, and one outside of its subnet, are taken
// out, and what refers to a group that is bad goes without it.
func TestPruningOfMachines(t *testing.T) {
	t.Parallel()
	nic := func(name, address string) string {
		return `{"id": "RG/networkInterfaces/` + name + `", "name": "` + name + `", "virtualMachine": {"id": "RG/virtualMachines/vm-` + name + `"},
 "networkSecurityGroup": {"id": "RG/networkSecurityGroups/bad"},
 "ipConfigurations": [{"name": "c", "privateIPAddress": "` + address + `", "subnet": {"id": "RG/virtualNetworks/hub/subnets/AzureFirewallSubnet"}}]}`
	}
	bad := `{"id": "RG/networkSecurityGroups/bad", "name": "bad", "securityRules": "none"}`
	r := build(t, "["+strings.Join([]string{hub, nic("a", "10.1.0.70"), nic("b", "10.1.0.70"), nic("c", "10.1.0.200"), bad}, ",")+"]")
	var names []string
	for _, m := range r.Topology.VirtualMachines {
		names = append(names, m.Name)
		if m.NetworkSecurityGroup != nil {
			t.Errorf("%s has the group %+v", m.Name, m.NetworkSecurityGroup)
		}
	}
	if diff := cmp.Diff([]string{"vm-a"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s\nnotes:\n%s", diff, strings.Join(told(r), "\n"))
	}
}

// A policy that cannot be made leaves its firewall without one, and says so.
func TestPolicyThatIsNone(t *testing.T) {
	t.Parallel()
	firewall := `{"id": "RG/azureFirewalls/fw", "name": "fw", "firewallPolicy": {"id": "RG/firewallPolicies/POL"},
 "ipConfigurations": [{"name": "c", "subnet": {"id": "RG/virtualNetworks/hub/subnets/AzureFirewallSubnet"}}]}`
	policies := `{"id": "RG/firewallPolicies/pol", "name": "pol"}`
	group := `{"id": "RG/firewallPolicies/pol/ruleCollectionGroups/g", "name": "g", "priority": 5, "ruleCollections": [
 {"name": "c", "priority": 100, "action": {"type": "Allow"}, "rules": [{"name": "r", "ipProtocols": ["TCP"], "sourceAddresses": ["*"],
 "destinationAddresses": ["*"], "destinationPorts": ["80", "http"]}]}]}`
	r := build(t, "["+strings.Join([]string{hub, firewall, policies, group}, ",")+"]")
	if len(r.Policies) != 1 || len(r.Policies[0].Policy.Groups) != 0 || r.Topology.AzureFirewalls[0].FirewallPolicy == nil {
		t.Errorf("policies %+v, firewalls %+v", r.Policies, r.Topology.AzureFirewalls)
	}
	if want := `left out: ruleCollectionGroups pol/g: priority "5": is no priority`; !slices.Contains(told(r), want) {
		t.Errorf("not told: %s\nnotes:\n%s", want, strings.Join(told(r), "\n"))
	}
}
