package firewall

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

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
	ids := map[any]bool{}
	for _, want := range []string{"SYN client server", "SYN-ACK server2 client", "ACK client server", "FIN client server", "FIN-ACK server2 client"} {
		row := o.next(t, logs.FlowTrace, 80)
		got := fmt.Sprintf("%v %v %v", row.Get("Flag"), row.Get("InInterface"), row.Get("OutInterface"))
		if got != want {
			t.Errorf("the row says %q, want %q", got, want)
		}
		ids[row.Get("ConnectionId")] = true
	}
	if len(ids) != 1 {
		t.Errorf("connection ids %v, want one", ids)
	}
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

// Within a VRF the kernel shows a packet to some hooks twice, once with the
// VRF's own interface; its event is one all the same.
func TestVRF(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	blue := &netlink.Vrf{LinkAttrs: netlink.LinkAttrs{Name: "blue"}, Table: 100}
	if err := netlink.LinkAdd(blue); errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("this kernel has no VRF (CONFIG_NET_VRF)")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = netlink.LinkDel(blue) })
	command(t, "ip", "link", "set", "blue", "up")
	for _, name := range []string{"client", "server"} {
		command(t, "ip", "link", "set", name, "master", "blue")
	}
	o := startObserving(t)
	serve(t, hosts, 80)
	talk(t, hosts, 80)
	var flags []string
	for range 5 {
		row := o.next(t, logs.FlowTrace, 80)
		flags = append(flags, fmt.Sprint(row.Get("Flag")))
	}
	if got := strings.Join(flags, " "); got != "SYN SYN-ACK ACK FIN FIN-ACK" {
		t.Errorf("flags %q", got)
	}
}
