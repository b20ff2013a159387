package topology

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTopologiesHaveNoProblems(t *testing.T) {
	t.Parallel()
	for _, name := range globbed(t, "../../topologies/*.yaml") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			top, warnings, err := ReadFile(name)
			if err != nil || len(warnings) > 0 {
				t.Fatalf("ReadFile() error = %v, warnings = %v", err, warnings)
			}
			if top.Name != strings.TrimSuffix(filepath.Base(name), ".yaml") {
				t.Errorf("name = %q, want that of the file", top.Name)
			}
			checkRoundTrip(t, top)
		})
	}
}

// TestTopologiesPaths walks through the topologies as packets do: what each
// file is for, said as hops.
func TestTopologiesPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		file, from, to string
		edit           Route // into the sender's route table, unless empty
		want           string
	}{
		{file: "spoke-hub-spoke", from: "vm1", to: "vm2", want: "vm1 fw-a vm2"},
		{file: "spoke-hub-spoke", from: "vm2", to: "vm1", want: "vm2 fw-a vm1"},
		{file: "spoke-hub-spoke", from: "vm1", to: "vm-hub", want: "vm1 vm-hub"},
		{file: "spoke-hub-spoke", from: "vm-hub", to: "vm1", want: "vm-hub vm1"},
		{file: "spoke-hub-spoke", from: "vm1", to: "203.0.113.10", want: "vm1 fw-a Internet"},
		{file: "spoke-hub-spoke", from: "vm-hub", to: "10.9.9.9", want: "vm-hub None"},
		// Fault 3: only one direction goes through the firewall.
		{file: "spoke-hub-spoke", from: "vm1", to: "vm-hub", want: "vm1 fw-a vm-hub",
			edit: Route{"hub", "10.1.0.0/24", VirtualAppliance, "10.1.0.4"}},
		// Fault 8: the next hop is nobody.
		{file: "spoke-hub-spoke", from: "vm1", to: "vm2", want: "vm1 nobody",
			edit: Route{"default", "0.0.0.0/0", VirtualAppliance, "10.1.0.5"}},
		{file: "spoke-hub-hub-spoke", from: "vm1", to: "vm2", want: "vm1 fw-a fw-b vm2"},
		{file: "spoke-hub-hub-spoke", from: "vm2", to: "vm1", want: "vm2 fw-b fw-a vm1"},
		{file: "spoke-hub-hub-spoke", from: "vm1", to: "203.0.113.10", want: "vm1 fw-a Internet"},
		// Fault 7: the firewall's subnet knows no way to the other region.
		{file: "spoke-hub-hub-spoke", from: "fw-a", to: "vm2", want: "fw-a None",
			edit: Route{"to-region-b", "10.3.0.0/16", VirtualAppliance, "10.2.0.4"}},
		// Fault 5.
		{file: "peered-spokes", from: "vm1", to: "vm2", want: "vm1 fw-a vm2"},
		{file: "peered-spokes", from: "vm2", to: "vm1", want: "vm2 vm1"},
		{file: "peered-spokes", from: "vm2", to: "vm1", want: "vm2 fw-a vm1",
			edit: Route{"to-spoke1", "10.1.1.0/24", VirtualAppliance, "10.1.0.4"}},
	}
	for _, tt := range tests {
		t.Run(tt.file+" "+tt.want, func(t *testing.T) {
			t.Parallel()
			top, _, err := ReadFile("../../topologies/" + tt.file + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			if tt.edit.Name != "" {
				top = setForSender(t, top, tt.from, tt.edit)
			}
			if diff := cmp.Diff(tt.want, walk(t, top, tt.from, tt.to)); diff != "" {
				t.Errorf("path (-want, +got):\n%s", diff)
			}
		})
	}
}

func setForSender(t *testing.T, top *Topology, sender string, r Route) *Topology {
	t.Helper()
	nic, _ := top.Interface(sender)
	_, s, err := top.findSubnet(nic.Network, nic.Subnet)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := top.SetRoute(s.RouteTable.ID, r)
	if err != nil {
		t.Fatalf("SetRoute() error:\n%+v", err)
	}
	return changed
}

// walk follows next hops from an interface to a machine or address.
func walk(t *testing.T, top *Topology, from, to string) string {
	t.Helper()
	var dst netip.Addr
	if nic, ok := top.Interface(to); ok {
		dst = nic.Address
	} else {
		dst = netip.MustParseAddr(to)
	}
	path := from
	for range 10 {
		nic, ok := top.Interface(from)
		if !ok {
			t.Fatalf("Interface(%q) found none", from)
		}
		hop, _ := top.NextHop(nic.Network, nic.Subnet, dst)
		at := dst
		switch hop.NextHopType {
		case ToInternet, None:
			return path + " " + string(hop.NextHopType)
		case VirtualAppliance:
			at = hop.NextHopIPAddress
		}
		from = ownerOf(top, at)
		path += " " + from
		if at == dst || from == "nobody" {
			return path
		}
	}
	return path + " …"
}

func ownerOf(top *Topology, a netip.Addr) string {
	for _, nic := range top.Interfaces() {
		if nic.Address == a {
			return nic.Owner
		}
	}
	return "nobody"
}

func TestInterfaces(t *testing.T) {
	t.Parallel()
	top, _, err := ReadFile("../../topologies/spoke-hub-spoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := []NetworkInterface{
		{Owner: "fw-a", Network: "hub", Subnet: "AzureFirewallSubnet", Address: netip.MustParseAddr("10.1.0.4"), Forwards: true, Firewall: true},
		{Owner: "vm1", Network: "spoke1", Subnet: "workload", Address: netip.MustParseAddr("10.1.1.4")},
		{Owner: "vm2", Network: "spoke2", Subnet: "workload", Address: netip.MustParseAddr("10.1.2.4")},
		{Owner: "vm-hub", Network: "hub", Subnet: "vms", Address: netip.MustParseAddr("10.1.0.68")},
	}
	if diff := cmp.Diff(want, top.Interfaces(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("Interfaces() (-want, +got):\n%s", diff)
	}
	if _, ok := top.Interface("web"); ok {
		t.Error("Interface() found an internet host")
	}
}
