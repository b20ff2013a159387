package firewall

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// Two networks with the same addresses: a connection in each with the same ports
// too, at the same time, are two. conntrack tells them apart by zones, and so do
// the rows; those of packets that it gives to no connection by their interfaces.
func TestTheSameTupleInTwoZones(t *testing.T) {
	testnet.NeedRoot(t)
	inTwoZones(t, testnet.NewTenant(t, "blue", 100), testnet.NewTenant(t, "red", 200))
}

func TestTheSameTupleInTwoVRFs(t *testing.T) {
	testnet.NeedRoot(t)
	inTwoZones(t, testnet.NewVRF(t, "blue", 100).NewHosts(t), testnet.NewVRF(t, "red", 200).NewHosts(t))
}

// zonesByInterface gives the networks "blue" and "red" a zone each.
func zonesByInterface(t *testing.T) {
	t.Helper()
	command(t, "nft", "add table inet zones; add chain inet zones c { type filter hook prerouting priority raw; }; "+
		"add rule inet zones c ct zone set iifname map { blue-client : 1, blue-server : 1, red-client : 2, red-server : 2 }")
	t.Cleanup(func() { _, _ = output("nft", "delete table inet zones") })
}

func inTwoZones(t *testing.T, blue, red *testnet.Hosts) {
	t.Helper()
	needProgram(t, "conntrack")
	zonesByInterface(t)
	strictly(t)
	o := startObserving(t)
	for i, networks := range [][2]*testnet.Hosts{{blue, red}, {blue.Over6(), red.Over6()}} {
		port, blue, red := 80+i, networks[0], networks[1]
		serve(t, blue, port)
		serve(t, red, port)
		first, second := connect(t, blue, port), connect(t, red, port)
		blueID := o.wantZone(t, port, "blue", 1, "SYN SYN-ACK ACK")
		redID := o.wantZone(t, port, "red", 2, "SYN SYN-ACK ACK")
		if blueID == redID {
			t.Error("both have the same connection id")
		}
		command(t, "conntrack", "-D", "-w", "1", "-p", "tcp", "-f", family(blue), "--orig-port-dst", fmt.Sprint(port))
		if _, err := first.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if id := o.wantZone(t, port, "blue", nil, "INVALID INVALID-reply"); id != blueID {
			t.Errorf("the INVALID packets have the id %v, want %v", id, blueID)
		}
		finish(t, second)
		if id := o.wantZone(t, port, "red", 2, "FIN FIN-ACK"); id != redID {
			t.Errorf("the FINs have the id %v, want %v", id, redID)
		}
		o.wantConnections(t, port, map[any]string{blueID: "1 state-lost blue-client", redID: "2 completed red-client"})
	}
}

// strictly lets conntrack take no packet from the middle of a connection for the
// first of another one.
func strictly(t *testing.T) {
	t.Helper()
	const loose = "net.netfilter.nf_conntrack_tcp_loose"
	command(t, "sysctl", "-w", loose+"=0")
	t.Cleanup(func() { _, _ = output("sysctl", "-w", loose+"=1") })
}

// connect makes a connection whose ports are the same in each network.
func connect(t *testing.T, hosts *testnet.Hosts, port int) (c net.Conn) {
	t.Helper()
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(hosts.Client.Address, 41_000))}
	if err := hosts.Client.Do(func() (err error) {
		c, err = d.Dial("tcp", address(hosts, port))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// finish closes a connection, and waits until the server has.
func finish(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Error(err)
	}
}

func family(hosts *testnet.Hosts) string {
	if hosts.Client.Address.Is4() {
		return "ipv4"
	}
	return "ipv6"
}

// wantZone reads rows about a port, which are those of one connection in a
// network, with its zone. It returns the connection's id.
func (o observed) wantZone(t *testing.T, port int, network string, zone any, flags string) (id any) {
	t.Helper()
	var got, want []string
	there, back := fmt.Sprintf("%s-client %[1]s-server", network), fmt.Sprintf("%s-server %[1]s-client", network)
	for _, flag := range strings.Fields(flags) {
		way := there
		switch {
		case flag == "INVALID-reply":
			flag, way = "INVALID", back
		case strings.HasSuffix(flag, "-ACK"):
			way = back
		}
		row := o.next(t, logs.FlowTrace, int32(port))
		if id == nil {
			id = row.Get("ConnectionId")
		}
		want = append(want, fmt.Sprintf("%s %s %v %v", flag, way, zone, id))
		got = append(got, fmt.Sprintf("%v %v %v %v %v", row.Get("Flag"), row.Get("InInterface"), row.Get("OutInterface"),
			row.Get("Zone"), row.Get("ConnectionId")))
	}
	if diff := cmp.Diff(want, got); diff != "" || id == nil {
		t.Errorf("rows about port %d in %s (-want +got):\n%s", port, network, diff)
	}
	return id
}

// wantConnections reads the rows of connections, by their ids.
func (o observed) wantConnections(t *testing.T, port int, want map[any]string) {
	t.Helper()
	got := map[any]string{}
	for range want {
		row := o.next(t, logs.Connection, int32(port))
		got[row.Get("ConnectionId")] = fmt.Sprintf("%v %v %v", row.Get("Zone"), row.Get("Outcome"), row.Get("InInterface"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("connections about port %d (-want +got):\n%s", port, diff)
	}
}
