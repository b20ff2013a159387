package lab

import (
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/topology"
)

const quick = 300 * time.Millisecond

func connectQuickly(t *testing.T, l *Lab, from, to string, port uint16, want Outcome) {
	t.Helper()
	connect(t, l, from, to, port, want, ConnectOptions{Timeout: quick})
}

func TestPeeringWithoutForwardedTraffic(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "fwd", hubAndSpokes, Options{})
	connect(t, s.Lab, "a", "b", 7, Established, ConnectOptions{Bytes: 1})

	setForwarded(t, s.Lab, "spoke-b", false)
	connectQuickly(t, s.Lab, "a", "b", 7, TimedOut)
	connect(t, s.Lab, "fw", "b", 7, Established, ConnectOptions{Bytes: 1}) // from the hub's own address

	setForwarded(t, s.Lab, "spoke-b", true)
	connect(t, s.Lab, "a", "b", 7, Established, ConnectOptions{Bytes: 1})
}

func setForwarded(t *testing.T, l *Lab, network string, allow bool) {
	t.Helper()
	current, err := l.Topology()
	if err != nil {
		t.Fatalf("Topology() error:\n%+v", err)
	}
	i := slices.IndexFunc(current.VirtualNetworks, func(n topology.VirtualNetwork) bool { return n.Name == network })
	half := current.VirtualNetworks[i].VirtualNetworkPeerings[0]
	half.AllowForwardedTraffic = &allow
	if _, err := l.SetPeering(t.Context(), network, half); err != nil {
		t.Fatalf("SetPeering() error:\n%+v", err)
	}
}

// guarded has a group at the subnet of the servers and one at the interface of
// one of them; nva forwards for both ways.
const guarded = `
name: guarded
virtualNetworks:
  - name: net
    addressSpace: {addressPrefixes: [10.9.0.0/16]}
    subnets:
      - {name: clients, addressPrefix: 10.9.1.0/24, routeTable: {id: rt-clients}}
      - {name: servers, addressPrefix: 10.9.2.0/24, networkSecurityGroup: {id: nsg-servers}, routeTable: {id: rt-servers}}
      - {name: nvas, addressPrefix: 10.9.3.0/24}
routeTables:
  - {name: rt-clients}
  - {name: rt-servers}
networkSecurityGroups:
  - name: nsg-servers
    securityRules:
      - {name: echo, priority: 100, direction: Inbound, access: Allow, protocol: Tcp, sourceAddressPrefix: 10.9.1.0/24, sourcePortRange: "*", destinationAddressPrefix: "*", destinationPortRanges: ["7", "5-9"]}
      - {name: no-more, priority: 200, direction: Inbound, access: Deny, protocol: "*", sourceAddressPrefix: VirtualNetwork, sourcePortRange: "*", destinationAddressPrefix: "*", destinationPortRange: "*"}
  - name: nsg-quiet
    securityRules:
      - {name: nothing-out, priority: 100, direction: Outbound, access: Deny, protocol: "*", sourceAddressPrefix: "*", sourcePortRange: "*", destinationAddressPrefix: "*", destinationPortRange: "*"}
virtualMachines:
  - {name: client, subnet: net/clients, privateIPAddress: 10.9.1.4, services: [{name: echo, port: 7}]}
  - {name: server, subnet: net/servers, privateIPAddress: 10.9.2.4, services: [{name: echo, port: 7}, {name: other, port: 10}]}
  - {name: quiet, subnet: net/servers, privateIPAddress: 10.9.2.5, networkSecurityGroup: {id: nsg-quiet}, services: [{name: echo, port: 7}]}
  - {name: nva, subnet: net/nvas, privateIPAddress: 10.9.3.4, enableIPForwarding: true}
`

func TestSecurityGroups(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "nsg", guarded, Options{})
	connect(t, s.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
	connectQuickly(t, s.Lab, "client", "server", 10, TimedOut)
	connect(t, s.Lab, "server", "client", 7, Established, ConnectOptions{Bytes: 1})
	connectQuickly(t, s.Lab, "server", "quiet", 7, TimedOut) // within a subnet too
	// Replies need no rule, what the machine begins by itself does.
	connect(t, s.Lab, "client", "quiet", 7, Established, ConnectOptions{Bytes: 1})
	connectQuickly(t, s.Lab, "quiet", "client", 7, TimedOut)

	rule := topology.SecurityRule{Name: "other", Priority: 110, Direction: topology.Inbound, Access: topology.AccessAllow,
		Protocol: topology.ProtocolTCP, SourceAddressPrefix: "*", SourcePortRange: "*", DestinationAddressPrefix: "10.9.2.4", DestinationPortRange: "10"}
	if _, err := s.SetSecurityRule(t.Context(), "nsg-servers", rule); err != nil {
		t.Fatalf("SetSecurityRule() error:\n%+v", err)
	}
	connect(t, s.Lab, "client", "server", 10, Established, ConnectOptions{Bytes: 1})
	if _, err := s.DeleteSecurityRule(t.Context(), "nsg-quiet", "nothing-out"); err != nil {
		t.Fatalf("DeleteSecurityRule() error:\n%+v", err)
	}
	connect(t, s.Lab, "quiet", "client", 7, Established, ConnectOptions{Bytes: 1})
}

func TestIPForwardingIsSwitchedLive(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "nva", guarded, Options{})
	for table, prefix := range map[string]string{"rt-clients": "10.9.2.0/24", "rt-servers": "10.9.1.0/24"} {
		if _, err := s.SetRoute(t.Context(), table, detour(prefix, "10.9.3.4")); err != nil {
			t.Fatalf("SetRoute() error:\n%+v", err)
		}
	}
	counted := count(t, s.Lab, "nva", "client", "server")
	connect(t, s.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
	if c := counted(); c["client"] == 0 || c["server"] == 0 {
		t.Errorf("the appliance has seen %v, want both directions", c)
	}
	forward := func(on bool) {
		t.Helper()
		_, err := s.Change(t.Context(), func(topo *topology.Topology) (*topology.Topology, error) {
			changed := *topo
			changed.VirtualMachines = slices.Clone(topo.VirtualMachines)
			changed.VirtualMachines[3].EnableIPForwarding = on
			return &changed, nil
		})
		if err != nil {
			t.Fatalf("Change() error:\n%+v", err)
		}
	}
	forward(false)
	connectQuickly(t, s.Lab, "client", "server", 7, TimedOut)
	forward(true)
	connect(t, s.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
}

// hybrid is a hub with a gateway whose routes the spoke borrows.
const hybrid = `
name: hybrid
virtualNetworks:
  - name: hub
    addressSpace: {addressPrefixes: [10.8.0.0/16]}
    subnets:
      - {name: AzureFirewallSubnet, addressPrefix: 10.8.0.0/24}
      - {name: GatewaySubnet, addressPrefix: 10.8.1.0/24, routeTable: {id: rt-gateway}}
    virtualNetworkPeerings: [{name: to-spoke, remoteVirtualNetwork: {id: spoke}, allowGatewayTransit: true}]
  - name: spoke
    addressSpace: {addressPrefixes: [10.7.0.0/16]}
    subnets: [{name: vms, addressPrefix: 10.7.0.0/24, routeTable: {id: rt-spoke}}]
    virtualNetworkPeerings: [{name: to-hub, remoteVirtualNetwork: {id: hub}, useRemoteGateways: true}]
routeTables: [{name: rt-gateway}, {name: rt-spoke}]
virtualNetworkGateways:
  - name: gw
    subnet: hub/GatewaySubnet
    routes: [10.200.0.0/16]
    hosts: [{name: office, address: 10.200.0.10, services: [{name: echo, port: 7}]}]
azureFirewalls: [{name: fw, subnet: hub/AzureFirewallSubnet, privateIPAddress: 10.8.0.4}]
virtualMachines: [{name: vm, subnet: spoke/vms, privateIPAddress: 10.7.0.4, services: [{name: echo, port: 7}]}]
`

func TestGateway(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "gw", hybrid, Options{})
	counted := count(t, s.Lab, "fw", "office", "vm")
	connect(t, s.Lab, "vm", "office", 7, Established, ConnectOptions{Bytes: 1})
	connect(t, s.Lab, "office", "vm", 7, Established, ConnectOptions{Bytes: 1})
	if c := counted(); c["office"]+c["vm"] != 0 {
		t.Errorf("the firewall has seen %v, want nothing", c)
	}
	// The usual design: both ways by the firewall.
	for table, prefix := range map[string]string{"rt-gateway": "10.7.0.0/16", "rt-spoke": "10.200.0.0/16"} {
		if _, err := s.SetRoute(t.Context(), table, detour(prefix, "10.8.0.4")); err != nil {
			t.Fatalf("SetRoute() error:\n%+v", err)
		}
	}
	connect(t, s.Lab, "office", "vm", 7, Established, ConnectOptions{Bytes: 1})
	if c := counted(); c["office"] < 3 || c["vm"] < 2 {
		t.Errorf("the firewall has seen %v, want both directions", c)
	}
	// Without the transit the spoke has no way to the premises.
	if _, err := s.DeleteRoute(t.Context(), "rt-spoke", "10.200.0.0/16"); err != nil {
		t.Fatalf("DeleteRoute() error:\n%+v", err)
	}
	half := topology.Peering{Name: "to-hub", RemoteVirtualNetwork: topology.Reference{ID: "hub"}}
	if _, err := s.SetPeering(t.Context(), "spoke", half); err != nil {
		t.Fatalf("SetPeering() error:\n%+v", err)
	}
	connectQuickly(t, s.Lab, "vm", "office", 7, TimedOut)
}

func detour(prefix, via string) topology.Route {
	r := appliance(prefix, via)
	r.Name = "detour"
	return r
}
