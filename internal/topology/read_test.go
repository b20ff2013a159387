package topology

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/document"
)

// TestParseNormalizes reads all that may be written in more than one way.
func TestParseNormalizes(t *testing.T) {
	t.Parallel()
	const file = `
name: lab
virtualNetworks:
  - name: hub
    addressSpace: {addressPrefixes: [10.1.0.0/24]}
    subnets:
      - name: vms
        addressPrefix: 10.1.0.0/26
        routeTable: {id: /subscriptions/1/resourceGroups/g/providers/Microsoft.Network/routeTables/rt}
    virtualNetworkPeerings:
      - {name: p, remoteVirtualNetwork: {id: /subscriptions/1/virtualNetworks/spoke/}}
  - name: spoke
    addressSpace: {addressPrefixes: [10.1.1.0/24]}
    subnets: []
    virtualNetworkPeerings:
      - {name: p, remoteVirtualNetwork: {id: hub}}
routeTables:
  - name: rt
    routes:
      - {name: a, addressPrefix: 10.8.0.0/16, nextHopType: Virtual appliance, nextHopIpAddress: 10.1.0.4}
      - {name: b, addressPrefix: 10.9.0.0/16, nextHopType: vnetlocal}
      - {name: c, addressPrefix: 10.10.0.0/16, nextHopType: VNet local}
      - {name: d, addressPrefix: 10.11.0.0/16, nextHopType: Virtual network}
      - {name: e, addressPrefix: 0.0.0.0/0, nextHopType: INTERNET}
      - {name: f, addressPrefix: 10.12.0.0/16, nextHopType: none}
virtualMachines:
  - name: nva
    subnet: /subscriptions/1/providers/Microsoft.Network/virtualnetworks/hub/subnets/vms
    privateIPAddress: 10.1.0.4
    enableIPForwarding: true
    services: [{name: echo, port: 7}]
`
	want := &Topology{
		Name: "lab",
		VirtualNetworks: []VirtualNetwork{
			{Name: "hub", AddressSpace: AddressSpace{[]string{"10.1.0.0/24"}},
				Subnets:                []Subnet{{Name: "vms", AddressPrefix: "10.1.0.0/26", RouteTable: &Reference{"rt"}}},
				VirtualNetworkPeerings: []Peering{{Name: "p", RemoteVirtualNetwork: Reference{"spoke"}}}},
			{Name: "spoke", AddressSpace: AddressSpace{[]string{"10.1.1.0/24"}},
				VirtualNetworkPeerings: []Peering{{Name: "p", RemoteVirtualNetwork: Reference{"hub"}}}},
		},
		RouteTables: []RouteTable{{Name: "rt", Routes: []Route{
			{"a", "10.8.0.0/16", VirtualAppliance, "10.1.0.4"},
			{"b", "10.9.0.0/16", VnetLocal, ""},
			{"c", "10.10.0.0/16", VnetLocal, ""},
			{"d", "10.11.0.0/16", VnetLocal, ""},
			{"e", "0.0.0.0/0", ToInternet, ""},
			{"f", "10.12.0.0/16", None, ""},
		}}},
		VirtualMachines: []VirtualMachine{{Name: "nva", Subnet: "hub/vms", PrivateIPAddress: "10.1.0.4",
			EnableIPForwarding: true, Services: []Service{{"echo", 7, Echo}}}},
	}
	got, warnings, err := Parse("lab.yaml", []byte(file))
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Parse() error = %v, warnings = %v", err, warnings)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse() (-want, +got):\n%s", diff)
	}
}

func TestReadFileMissing(t *testing.T) {
	t.Parallel()
	_, _, err := ReadFile(filepath.Join(t.TempDir(), "none.yaml"))
	var pathError *os.PathError
	if !errors.As(err, &pathError) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadFile() error = %v, want a *os.PathError", err)
	}
}

// TestParseDecodeProblem checks that what cannot be decoded is placed as well.
func TestParseDecodeProblem(t *testing.T) {
	t.Parallel()
	const file = "name: lab\nvirtualMachines:\n  - name: vm\n    services:\n      - {name: large, port: 65536}\n"
	_, _, err := Parse("lab.yaml", []byte(file))
	var ps document.Problems
	if !errors.As(err, &ps) || len(ps) != 1 {
		t.Fatalf("Parse() error = %v, want one problem", err)
	}
	if ps[0].Line != 5 || ps[0].Field != "virtualMachines[0].services[0].port" || ps[0].Value != "65536" {
		t.Errorf("Parse() problem = %+v, want it at the port", ps[0])
	}
}

func TestEncodeRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		checkRoundTrip(rt, drawTopology(rt))
	})
}

func checkRoundTrip(t rapid.TB, want *Topology) {
	t.Helper()
	data, err := want.Encode()
	if err != nil {
		t.Fatalf("Encode() error:\n%+v", err)
	}
	got, _, err := Parse("encoded.yaml", data)
	if err != nil {
		t.Fatalf("Parse() error:\n%+v\nof\n%s", err, data)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("Parse(Encode()) (-want, +got):\n%s\nof\n%s", diff, data)
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/problems/*.yaml", "testdata/networks/*.yaml", "../../topologies/*.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		top, _, err := Parse("fuzz.yaml", data)
		var ps document.Problems
		if err == nil {
			checkRoundTrip(t, top)
			if len(data) < 4096 { // time grows with the square of the subnets
				top.Check()
			}
		} else if !errors.As(err, &ps) || ps[0].Message == "" || ps[0].File == "" {
			t.Errorf("Parse() error is %T %+v, want document.Problems", err, err)
		}
	})
}
