package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/topology"
)

func TestFirewallsAreStartedAndStopped(t *testing.T) {
	t.Parallel()
	var specs []FirewallSpec
	var process Process
	s := bringUp(t, "fw", hubAndSpokes, Options{Folder: "/etc/topologies",
		StartFirewall: func(_ context.Context, spec FirewallSpec) (p Process, err error) {
			specs = append(specs, spec)
			process, err = StartProcess(spec.Namespace, exec.Command("sleep", "300"))
			return process, err
		}})
	want := FirewallSpec{Lab: s.Name(), Name: "fw", Namespace: s.Name() + "-fw", Interface: "eth0",
		Address: address(t, s.Lab, "fw", 0).Addr(), PolicyFile: "/etc/topologies/policy.yaml",
		StateDir: "/run/sekisho/labs/" + s.Name() + "/firewalls/fw",
		LogFile:  "/run/sekisho/labs/" + s.Name() + "/logs/firewall-fw.log"}
	if len(specs) != 1 || specs[0] != want {
		t.Errorf("firewalls started: %+v, want %+v", specs, want)
	}

	status, err := ReadStatus(s.Name())
	if err != nil {
		t.Fatalf("ReadStatus() error:\n%+v", err)
	}
	fw := status.Nodes[0]
	if got := []ProcessStatus{{"firewall", process.PID(), true}}; fw.Name != "fw" || !slices.Equal(fw.Processes, got) {
		t.Errorf("status of the firewall is %+v, want %+v", fw, got)
	}
	if status.Supervisor != (ProcessStatus{"supervisor", os.Getpid(), true}) || !status.Ready || status.Uptime() <= 0 {
		t.Errorf("ReadStatus() = %+v", status)
	}
	list, err := List()
	if err != nil || !slices.ContainsFunc(list, func(l Status) bool { return l.Name == s.Name() }) {
		t.Errorf("List() = %+v, %v, want %s in it", list, err, s.Name())
	}

	if err := s.Close(); err != nil {
		t.Errorf("Close() error:\n%+v", err)
	}
	select {
	case <-process.Done():
	default:
		t.Error("the firewall runs on after Close()")
	}
	status, err = ReadStatus(s.Name())
	if err != nil || status.Nodes[0].Processes[0].Alive {
		t.Errorf("ReadStatus() = %+v, %v, want a dead firewall", status, err)
	}
}

func TestADeadFirewallIsReported(t *testing.T) {
	t.Parallel()
	said := make(chan string, 100)
	bringUp(t, "dead", hubAndSpokes, Options{Progress: func(m string) { said <- m },
		StartFirewall: func(_ context.Context, spec FirewallSpec) (Process, error) {
			return StartProcess(spec.Namespace, exec.Command("sh", "-c", "sleep 0.2; exit 3"))
		}})
	for deadline := time.After(10 * time.Second); ; {
		select {
		case m := <-said:
			if m == "firewall of fw has ended by itself: exit status 3" {
				return
			}
		case <-deadline:
			t.Fatal("nothing was said of a firewall that has ended")
		}
	}
}

func TestTwoLabsSideBySide(t *testing.T) {
	t.Parallel()
	one := bringUp(t, "one", oneNetwork, Options{})
	two := bringUp(t, "two", oneNetwork, Options{})
	none := topology.Route{Name: "x", AddressPrefix: "10.2.2.0/24", NextHopType: topology.None}
	if _, err := one.SetRoute(t.Context(), "rt-client", none); err != nil {
		t.Fatalf("SetRoute() error:\n%+v", err)
	}
	connect(t, one.Lab, "client", "server", 7, TimedOut, ConnectOptions{})
	connect(t, two.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
	if err := one.Close(); err != nil {
		t.Errorf("Close() error:\n%+v", err)
	}
	if err := Down(t.Context(), one.Name(), nil); err != nil {
		t.Errorf("Down() error:\n%+v", err)
	}
	connect(t, two.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
}

// TestShippedTopologies brings up each of the files that people begin with.
func TestShippedTopologies(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../topologies/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no topologies: %v", err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(base, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			bringUp(t, base, string(text), Options{})
		})
	}
}

func TestFortyMachines(t *testing.T) {
	s := bringUp(t, "forty", fortySpokes(), Options{})
	status, err := ReadStatus(s.Name())
	if err != nil {
		t.Fatalf("ReadStatus() error:\n%+v", err)
	}
	t.Logf("%d nodes came up in %v", len(status.Nodes), status.Uptime())
	// Usually it is a third of a second; other tests make network namespaces too.
	if status.Uptime() > time.Minute {
		t.Errorf("the lab took %v to come up", status.Uptime())
	}
	connect(t, s.Lab, "vm1", "vm40", 7, Established, ConnectOptions{Bytes: 1})
	connect(t, s.Lab, "vm40", "vm1", 7, Established, ConnectOptions{Bytes: 1})
}

// fortySpokes is a hub with forty spokes, one machine in each.
func fortySpokes() string {
	var peerings, networks, machines strings.Builder
	for i := 1; i <= 40; i++ {
		fmt.Fprintf(&peerings, "      - {name: to-%d, remoteVirtualNetwork: {id: spoke%d}}\n", i, i)
		fmt.Fprintf(&networks, `  - name: spoke%[1]d
    addressSpace: {addressPrefixes: [10.1.%[1]d.0/24]}
    subnets: [{name: default, addressPrefix: 10.1.%[1]d.0/24, routeTable: {id: rt}}]
    virtualNetworkPeerings: [{name: to-hub, remoteVirtualNetwork: {id: hub}}]
`, i)
		fmt.Fprintf(&machines, "  - {name: vm%[1]d, subnet: spoke%[1]d/default, privateIPAddress: 10.1.%[1]d.4, services: [{name: echo, port: 7}]}\n", i)
	}
	return fmt.Sprintf(`
name: forty
virtualNetworks:
  - name: hub
    addressSpace: {addressPrefixes: [10.1.0.0/24]}
    subnets: [{name: AzureFirewallSubnet, addressPrefix: 10.1.0.0/26}]
    virtualNetworkPeerings:
%s%srouteTables:
  - name: rt
    routes: [{name: all, addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance, nextHopIpAddress: 10.1.0.4}]
azureFirewalls: [{name: fw, subnet: hub/AzureFirewallSubnet, privateIPAddress: 10.1.0.4}]
virtualMachines:
%s`, peerings.String(), networks.String(), machines.String())
}
