package lab

import (
	"net/netip"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/topology"
)

// count makes a node that forwards count the packets by sender, without
// connection tracking.
func count(t *testing.T, l *Lab, node string, senders ...string) func() map[string]int {
	t.Helper()
	run(t, l, node, "nft", "add table ip count; add chain ip count forward { type filter hook forward priority 0; }")
	for _, s := range senders {
		run(t, l, node, "nft", "add rule ip count forward ip saddr "+address(t, l, s, 0).Addr().String()+" counter comment \""+s+"\"")
	}
	line := regexp.MustCompile(`counter packets (\d+) bytes \d+ comment "([^"]+)"`)
	return func() map[string]int {
		t.Helper()
		counts := map[string]int{}
		for _, match := range line.FindAllStringSubmatch(run(t, l, node, "nft", "list", "table", "ip", "count"), -1) {
			counts[match[2]], _ = strconv.Atoi(match[1])
		}
		return counts
	}
}

func TestSpokesMeetAtTheFirewall(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "hub", hubAndSpokes, Options{})
	counted := count(t, s.Lab, "fw", "a", "b", "web", "web2")

	got := connect(t, s.Lab, "a", "b", 7, Established, ConnectOptions{Bytes: 100_000})
	if got.Sent != 100_000 || got.Received != 100_000 || got.Failure != "" {
		t.Errorf("Connect() = %+v, want 100,000 bytes both ways", got)
	}
	if c := counted(); c["a"] < 4 || c["b"] < 4 {
		t.Errorf("the firewall has seen %v, want both directions", c)
	}
	before := counted()
	connect(t, s.Lab, "a2", "a", 7, Established, ConnectOptions{Bytes: 1})
	if c := counted(); c["a"] != before["a"] {
		t.Errorf("the firewall has seen %d packets inside a subnet", c["a"]-before["a"])
	}
	connect(t, s.Lab, "a", "b", 8, Refused, ConnectOptions{})
	connect(t, s.Lab, "a", "fw", 8, Refused, ConnectOptions{})
}

func TestInternetRepliesComeBackTheSameWay(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "net", hubAndSpokes, Options{})
	counted := count(t, s.Lab, "fw", "a", "web", "web2")

	connect(t, s.Lab, "a", "web", 80, Established, ConnectOptions{})
	if c := counted(); c["a"] < 3 || c["web"] < 2 {
		t.Errorf("the firewall has seen %v, want both directions", c)
	}
	// Another way out for one host alone: straight to the internet.
	if _, err := s.SetRoute(t.Context(), "rt-a", topology.Route{Name: "straight", AddressPrefix: "203.0.113.11/32",
		NextHopType: topology.ToInternet}); err != nil {
		t.Fatalf("SetRoute() error:\n%+v", err)
	}
	connect(t, s.Lab, "a", "web2", 80, Established, ConnectOptions{})
	if c := counted(); c["web2"] != 0 {
		t.Errorf("the firewall has seen %d packets from web2", c["web2"])
	}
	connect(t, s.Lab, "fw", "web", 80, Established, ConnectOptions{})
	connect(t, s.Lab, "web", "b", 7, Established, ConnectOptions{Bytes: 1})
	if got, err := s.Connect(t.Context(), "a", netip.MustParseAddrPort("203.0.113.99:80"),
		ConnectOptions{Timeout: 200 * time.Millisecond}); err != nil || got.Outcome != TimedOut {
		t.Errorf("Connect() to a host that is not there = %+v, %v, want a timeout", got, err)
	}
}

func TestRoutesChangeLive(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "live", oneNetwork, Options{})
	ctx := t.Context()
	counted := count(t, s.Lab, "fw", "client", "server")

	connect(t, s.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
	if c := counted(); c["client"] != 0 || c["server"] == 0 {
		t.Errorf("with a route at one side the firewall has seen %v, want the server's packets only", c)
	}

	toServer := topology.Route{Name: "to-server", AddressPrefix: "10.2.2.0/24",
		NextHopType: topology.VirtualAppliance, NextHopIPAddress: "10.2.0.4"}
	if _, err := s.SetRoute(ctx, "rt-client", toServer); err != nil {
		t.Fatalf("SetRoute() error:\n%+v", err)
	}
	connect(t, s.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
	symmetric := counted()
	if symmetric["client"] == 0 {
		t.Errorf("with routes at both sides the firewall has seen %v", symmetric)
	}

	toServer.NextHopType, toServer.NextHopIPAddress = topology.None, ""
	if _, err := s.SetRoute(ctx, "rt-client", toServer); err != nil {
		t.Fatalf("SetRoute() error:\n%+v", err)
	}
	connect(t, s.Lab, "client", "server", 7, TimedOut, ConnectOptions{})

	toServer.NextHopType, toServer.NextHopIPAddress = topology.VirtualAppliance, "10.2.0.9"
	if _, err := s.SetRoute(ctx, "rt-client", toServer); err != nil {
		t.Fatalf("SetRoute() error:\n%+v", err)
	}
	connect(t, s.Lab, "client", "server", 7, TimedOut, ConnectOptions{})

	if _, err := s.DeleteRoute(ctx, "rt-client", "to-server"); err != nil {
		t.Fatalf("DeleteRoute() error:\n%+v", err)
	}
	connect(t, s.Lab, "client", "server", 7, Established, ConnectOptions{Bytes: 1})
	if c := counted(); c["client"] != symmetric["client"] {
		t.Errorf("without the route the firewall has seen %d of the client's packets", c["client"]-symmetric["client"])
	}
	if _, err := s.SetRoute(ctx, "rt-none", toServer); err == nil {
		t.Error("SetRoute() in a table that is not there gave no error")
	}
}
