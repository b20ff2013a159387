package firewall

import (
	"fmt"
	"net/netip"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// A router with three interfaces: requests leave by one, replies come in by
// another. Each row names the interfaces of its own packet, and both directions
// are one connection.
func TestSeveralInterfaces(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	secondWire(t, hosts)
	o := startObserving(t)
	serve(t, hosts, 80)
	talk(t, hosts, 80)
	o.wantConnection(t, 80, "SYN client server", "SYN-ACK server2 client", "ACK client server", "FIN client server", "FIN-ACK server2 client")
}

// wantConnection reads the rows about a port, which are those of one connection:
// of each its flag, and the interfaces that the packet came in by and left by.
// It returns the connection's id.
func (o observed) wantConnection(t *testing.T, port int32, rows ...string) any {
	t.Helper()
	var got []string
	ids := map[any]bool{}
	var id any
	for range rows {
		row := o.next(t, logs.FlowTrace, port)
		got = append(got, fmt.Sprintf("%v %v %v", row.Get("Flag"), row.Get("InInterface"), row.Get("OutInterface")))
		id = row.Get("ConnectionId")
		ids[id] = true
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Errorf("rows about port %d (-want +got):\n%s", port, diff)
	}
	if len(ids) != 1 || id == nil {
		t.Errorf("connection ids %v, want one", ids)
	}
	return id
}

// secondWire gives the server another interface, by which it answers.
func secondWire(t *testing.T, hosts *testnet.Hosts) {
	t.Helper()
	var home *os.File
	if err := hosts.Server.Do(func() (err error) {
		home, err = os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "server2"
	pair := &netlink.Veth{LinkAttrs: attrs, PeerName: "eth1", PeerNamespace: netlink.NsFd(int(home.Fd()))}
	if err := netlink.LinkAdd(pair); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = netlink.LinkDel(pair) })
	for _, name := range []string{"all", "server2"} {
		if err := writeSysctl("net.ipv4.conf."+name+".rp_filter", "0"); err != nil {
			t.Fatal(err)
		}
	}
	command(t, "ip", "address", "add", "10.9.3.1/24", "dev", "server2")
	command(t, "ip", "link", "set", "server2", "up")
	if err := hosts.Server.Do(func() error {
		_, err := output("sh", "-ec", "ip address add 10.9.3.2/24 dev eth1; ip link set eth1 up; ip route add 10.9.1.0/24 via 10.9.3.1")
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Within a VRF the kernel shows a packet twice to the hooks before routing, and
// to the forward hook with the VRF's own interface. Its event is one all the
// same, and has the interface that the packet came in by.
func TestVRF(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewVRF(t, "blue", 100).NewHosts(t)
	o := startObserving(t)
	for _, h := range []*testnet.Hosts{hosts, hosts.Over6()} {
		serve(t, h, 80)
		for range 2 { // the second would begin with what the first has too much
			talk(t, h, 80)
			o.wantConnection(t, 80, within("blue")...)
		}
	}
}

// What the host itself drops within a VRF: there the packet has come to the VRF's
// own interface, and its row has the member that it came in by.
func TestDropsWithinAVRF(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewVRF(t, "blue", 100).NewHosts(t)
	o := startObserving(t)
	for _, nobody := range []string{"192.0.2.1", "2001:db8::1"} {
		hosts.Server.Address = netip.MustParseAddr(nobody)
		if c, err := attempt(hosts, 80); err == nil {
			c.Close()
			t.Error("there is a way to it")
		}
		row := o.next(t, logs.KernelDrop, 80)
		if got := fmt.Sprintf("%v %v", row.Get("Reason"), row.Get("Interface")); got != "IP_INNOROUTES blue-client" {
			t.Errorf("the drop is %q", got)
		}
	}
}

// within are a connection's rows where the interfaces have a VRF's name.
func within(vrf string) []string {
	there, back := fmt.Sprintf(" %s-client %[1]s-server", vrf), fmt.Sprintf(" %s-server %[1]s-client", vrf)
	return []string{"SYN" + there, "SYN-ACK" + back, "ACK" + there, "FIN" + there, "FIN-ACK" + back}
}

// Two VRFs with the same addresses in both, as tenants have them: conntrack tells
// them apart by zones, and a row by its interfaces.
func TestVRFsWithTheSameAddresses(t *testing.T) {
	testnet.NeedRoot(t)
	blue, red := testnet.NewVRF(t, "blue", 100).NewHosts(t), testnet.NewVRF(t, "red", 200).NewHosts(t)
	zonesByInterface(t)
	o := startObserving(t)
	serve(t, blue, 80)
	serve(t, red, 80)
	talk(t, blue, 80)
	first := o.wantConnection(t, 80, within("blue")...)
	talk(t, red, 80)
	if o.wantConnection(t, 80, within("red")...) == first {
		t.Error("both have the same connection id")
	}
}
