package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/topology"
)

// planOf renders one table of a topology's plan, a route a line.
func planOf(t *testing.T, parsed *topology.Topology, table int) []string {
	t.Helper()
	nodes, err := nodesOf("x", parsed)
	if err != nil {
		t.Fatalf("nodesOf() error:\n%+v", err)
	}
	p, err := makePlan(parsed, nodes)
	if err != nil {
		t.Fatalf("makePlan() error:\n%+v", err)
	}
	var lines []string
	for _, r := range p.tables[table] {
		switch r.kind {
		case unix.RTN_THROW:
			lines = append(lines, fmt.Sprintf("throw %s", r.prefix))
		case unix.RTN_BLACKHOLE:
			lines = append(lines, fmt.Sprintf("blackhole %s", r.prefix))
		default:
			lines = append(lines, fmt.Sprintf("%s via %s dev %s", r.prefix, r.to.address, r.to.link))
		}
	}
	return lines
}

// Links are v0 fw, v1 a, v2 a2, v3 b; subnets are numbered in the file's order.
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name  string
		table int
		want  []string
	}{
		{"the firewall's subnet", subnetTables, []string{
			"0.0.0.0/0 via 169.254.1.2 dev internet", "blackhole 10.0.0.0/8", "blackhole 172.16.0.0/12",
			"blackhole 100.64.0.0/10", "blackhole 192.168.0.0/16",
			"throw 10.1.0.0/24", "throw 10.1.1.0/24", "throw 10.1.2.0/24"}},
		{"a spoke", subnetTables + 1, []string{"0.0.0.0/0 via 10.1.0.4 dev v0", "throw 10.1.0.0/24", "throw 10.1.1.0/24"}},
		{"what the hub reaches", deliveryTables, []string{"blackhole 0.0.0.0/0", "10.1.0.4/32 via 10.1.0.4 dev v0",
			"10.1.1.4/32 via 10.1.1.4 dev v1", "10.1.1.5/32 via 10.1.1.5 dev v2", "10.1.2.4/32 via 10.1.2.4 dev v3"}},
		{"what a spoke reaches", deliveryTables + 2, []string{"blackhole 0.0.0.0/0",
			"10.1.0.4/32 via 10.1.0.4 dev v0", "10.1.2.4/32 via 10.1.2.4 dev v3"}},
		{"the way back from the internet", returnTables, []string{"blackhole 0.0.0.0/0",
			"10.1.0.4/32 via 10.1.0.4 dev v0", "10.1.1.4/32 via 10.1.0.4 dev v0",
			"10.1.1.5/32 via 10.1.0.4 dev v0", "10.1.2.4/32 via 10.1.0.4 dev v0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, planOf(t, parse(t, hubAndSpokes), c.table), cmpopts.SortSlices(strings.Compare)); diff != "" {
				t.Errorf("makePlan() (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPlanOfOneRoute replaces the route of spoke a by others.
func TestPlanOfOneRoute(t *testing.T) {
	for _, c := range []struct {
		name  string
		route topology.Route
		spoke string // the line of spoke a's table for the route
		back  string // the line of the way back to a from the internet
	}{
		{"internet", topology.Route{AddressPrefix: "0.0.0.0/0", NextHopType: topology.ToInternet},
			"0.0.0.0/0 via 169.254.1.2 dev internet", "10.1.1.4/32 via 10.1.1.4 dev v1"},
		{"nothing", topology.Route{AddressPrefix: "0.0.0.0/0", NextHopType: topology.None},
			"blackhole 0.0.0.0/0", "10.1.1.4/32 via 10.1.1.4 dev v1"},
		{"an address that nobody has", appliance("0.0.0.0/0", "10.1.0.9"),
			"blackhole 0.0.0.0/0", "10.1.1.4/32 via 10.1.1.4 dev v1"},
		{"an appliance in a network that is not peered", appliance("0.0.0.0/0", "10.1.2.4"),
			"blackhole 0.0.0.0/0", "10.1.1.4/32 via 10.1.1.4 dev v1"},
		{"a machine that does not forward", appliance("0.0.0.0/0", "10.1.1.5"),
			"0.0.0.0/0 via 10.1.1.5 dev v2", "10.1.1.4/32 via 10.1.1.4 dev v1"},
		{"own network, beyond its prefix", topology.Route{AddressPrefix: "10.1.2.0/24", NextHopType: topology.VnetLocal},
			"throw 10.1.2.0/24", "10.1.1.4/32 via 10.1.0.4 dev v0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.route.AddressPrefix == everywhere.String() {
				c.route.Name = "all"
			} else {
				c.route.Name = "more"
			}
			changed, err := parse(t, hubAndSpokes).SetRoute("rt-a", c.route)
			if err != nil {
				t.Fatalf("SetRoute() error:\n%+v", err)
			}
			if got := planOf(t, changed, subnetTables+1); !slices.Contains(got, c.spoke) {
				t.Errorf("the spoke's table has no %q:\n%s", c.spoke, strings.Join(got, "\n"))
			}
			if got := planOf(t, changed, returnTables); !slices.Contains(got, c.back) {
				t.Errorf("the way back has no %q:\n%s", c.back, strings.Join(got, "\n"))
			}
		})
	}
}

func appliance(prefix, via string) topology.Route {
	return topology.Route{AddressPrefix: prefix, NextHopType: topology.VirtualAppliance, NextHopIPAddress: via}
}

// TestPlanOfALoop has two appliances that send to each other what is for the
// internet; to follow the packet must end.
func TestPlanOfALoop(t *testing.T) {
	text := strings.Replace(hubAndSpokes, "{name: AzureFirewallSubnet, addressPrefix: 10.1.0.0/26}",
		"{name: AzureFirewallSubnet, addressPrefix: 10.1.0.0/26, routeTable: {id: rt-hub}}", 1)
	text = strings.Replace(text, "routeTables:\n", `routeTables:
  - name: rt-hub
    routes: [{name: loop, addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance, nextHopIpAddress: 10.1.1.5}]
`, 1)
	text = strings.Replace(text, "privateIPAddress: 10.1.1.5,", "privateIPAddress: 10.1.1.5, enableIPForwarding: true,", 1)
	got := planOf(t, parse(t, text), returnTables)
	if want := "10.1.1.4/32 via 10.1.1.4 dev v1"; !slices.Contains(got, want) {
		t.Errorf("the way back has no %q:\n%s", want, strings.Join(got, "\n"))
	}
}

func TestNodeNamesThatTheLabNeeds(t *testing.T) {
	for _, name := range []string{"fabric", "internet"} {
		text := strings.Replace(hubAndSpokes, "{name: a2,", "{name: "+name+",", 1)
		if _, err := nodesOf("x", parse(t, text)); err == nil {
			t.Errorf("a machine may be called %s", name)
		}
	}
	for _, name := range []string{"", "-x", "a/b", "..", strings.Repeat("x", 33)} {
		if _, err := Open(name); err == nil || !strings.Contains(err.Error(), "legal name") {
			t.Errorf("Open(%q) error %v, want that the name is not legal", name, err)
		}
	}
}
