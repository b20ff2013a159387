package testnet

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Router is the namespace seen as a router between a client's side and a
// server's side. There is nobody on either side: packets are put on the wire
// by hand, and what the router lets through is read from the other wire.
type Router struct {
	Client, Server *Wire
}

// Protocols in network byte order, as packet sockets take them: ETH_P_IP,
// ETH_P_IPV6 and ETH_P_ALL.
var (
	ipv4 = binary.NativeEndian.Uint16([]byte{0x08, 0x00})
	ipv6 = binary.NativeEndian.Uint16([]byte{0x86, 0xdd})
	all  = binary.NativeEndian.Uint16([]byte{0x00, 0x03})
)

// Wire is one side of the router.
type Wire struct {
	// Address and Address6 are of the host that this side plays.
	Address, Address6 netip.Addr

	router net.HardwareAddr
	fd     int
	index  int
}

// NewRouter makes the two sides in the test's own namespace: client 10.9.1.2
// and fd09:1::2, server 10.9.2.2 and fd09:2::2. Everything from here on runs on one CPU, so that
// packets pass in the order in which they are sent.
func NewRouter(tb testing.TB) *Router {
	tb.Helper()
	return newRouter(tb, 0)
}

func newRouter(tb testing.TB, master int) *Router {
	tb.Helper()
	if os.Getenv(inside) == "" {
		tb.Fatal("testnet.Main must run the tests")
	}
	pin(tb)
	r := &Router{
		Client: newWire(tb, "client", master, 1),
		Server: newWire(tb, "server", master, 2),
	}
	must(tb, os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0))
	must(tb, os.WriteFile("/proc/sys/net/ipv6/conf/all/forwarding", []byte("1"), 0))
	return r
}

// pin keeps the sender on one CPU: a packet sent on a veth is received on the
// CPU that sent it, and each CPU has a queue of its own.
func pin(tb testing.TB) {
	runtime.LockOSThread()
	var before, one unix.CPUSet
	must(tb, unix.SchedGetaffinity(0, &before))
	for cpu := range 1024 {
		if before.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	must(tb, unix.SchedSetaffinity(0, &one))
	tb.Cleanup(func() {
		_ = unix.SchedSetaffinity(0, &before)
		runtime.UnlockOSThread()
	})
}

// newWire makes a veth pair: one end is the router's interface, the other is
// bare. The neighbour's address is nobody's, so that the stack behind the bare
// end ignores what comes out.
func newWire(tb testing.TB, name string, master, net int) *Wire {
	tb.Helper()
	neighbour := hardware{2, 0, 0, 0, 9, 9}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MasterIndex = name, master
	must(tb, netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: name + "-wire"}))
	near, err := netlink.LinkByName(name)
	must(tb, err)
	far, err := netlink.LinkByName(name + "-wire")
	must(tb, err)
	tb.Cleanup(func() { _ = netlink.LinkDel(near) })
	// No duplicate address detection for addresses that nobody else can have.
	must(tb, os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/accept_dad", []byte("0"), 0))
	must(tb, os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"-wire/disable_ipv6", []byte("1"), 0))
	for _, l := range []netlink.Link{near, far} {
		must(tb, netlink.LinkSetUp(l))
	}
	w := &Wire{router: near.Attrs().HardwareAddr, index: far.Attrs().Index}
	for _, prefix := range []string{fmt.Sprintf("10.9.%d.1/24", net), fmt.Sprintf("fd09:%d::1/64", net)} {
		addr, err := netlink.ParseAddr(prefix)
		must(tb, err)
		must(tb, netlink.AddrAdd(near, addr))
		host := netip.MustParsePrefix(prefix).Addr().Next()
		must(tb, netlink.NeighSet(&netlink.Neigh{LinkIndex: near.Attrs().Index, IP: host.AsSlice(),
			HardwareAddr: neighbour, State: netlink.NUD_PERMANENT}))
		if host.Is4() {
			w.Address = host
		} else {
			w.Address6 = host
		}
	}
	w.open(tb)
	return w
}

type hardware = net.HardwareAddr

// open makes a raw socket on the bare end.
func (w *Wire) open(tb testing.TB) {
	tb.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(all))
	must(tb, err)
	tb.Cleanup(func() { unix.Close(fd) })
	must(tb, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: w.index}))
	w.fd = fd
}

// Send puts an IPv4 or IPv6 packet on the wire, towards the router.
func (w *Wire) Send(tb testing.TB, packet []byte) {
	tb.Helper()
	protocol := ipv4
	if packet[0]>>4 == 6 {
		protocol = ipv6
	}
	to := &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: w.index, Halen: 6}
	copy(to.Addr[:], w.router)
	must(tb, unix.Sendto(w.fd, packet, 0, to))
}

// Receive reads the next packet that the router sent out on this side. It
// fails the test after two seconds.
func (w *Wire) Receive(tb testing.TB) []byte {
	tb.Helper()
	deadline := time.Now().Add(2 * time.Second)
	buf := make([]byte, 65536)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			tb.Fatal("nothing came out of the router within two seconds")
		}
		tv := unix.NsecToTimeval(left.Nanoseconds())
		must(tb, unix.SetsockoptTimeval(w.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv))
		n, from, err := unix.Recvfrom(w.fd, buf, 0)
		if err == unix.EAGAIN || err == unix.EINTR {
			continue
		}
		must(tb, err)
		// Our own packets are seen too, as outgoing ones.
		if ll, ok := from.(*unix.SockaddrLinklayer); ok && ll.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		return buf[:n]
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(fmt.Errorf("testnet: %w", err))
	}
}
