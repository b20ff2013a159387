package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// lane is a namespace seen as a router with two bare wires, on which packets
// made by hand are put. All of it runs on one CPU: a packet has crossed the
// router when it has been sent.
type lane struct {
	client, server wire
	before         unix.CPUSet
}

// wire is one side of the router.
type wire struct {
	address4, address6 netip.Addr
	fd                 int
	to                 unix.SockaddrLinklayer
}

// laneRules makes conntrack work, and gives every connection the mark of one
// that is allowed (1) and whose handshake is done (4).
const laneRules = `table inet bench { chain forward { type filter hook forward priority 0; ct state new,established ct mark set 5; }; }`

// newLane makes the router in the namespace of the calling thread, which must be
// locked to its goroutine.
func newLane() (*lane, error) {
	l := &lane{}
	if err := l.pin(); err != nil {
		return nil, err
	}
	for key, value := range map[string]string{
		"ipv4/ip_forward": "1", "ipv6/conf/all/forwarding": "1", "ipv6/conf/default/accept_dad": "0",
	} {
		if err := writeSysctl(key, value); err != nil {
			return nil, err
		}
	}
	var err error
	if l.client, err = newWire("client", 1); err != nil {
		return nil, err
	}
	if l.server, err = newWire("server", 2); err != nil {
		l.client.close()
		return nil, err
	}
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(laneRules)
	if said, err := nft.CombinedOutput(); err != nil {
		l.close()
		return nil, fmt.Errorf("run nft: %w\n%s", err, said)
	}
	// Now that conntrack is there.
	if err := writeSysctl("netfilter/nf_conntrack_tcp_loose", "0"); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// pin keeps the thread on the CPU on which it is.
func (l *lane) pin() error {
	if err := unix.SchedGetaffinity(0, &l.before); err != nil {
		return err
	}
	var one unix.CPUSet
	for cpu := range runtime.NumCPU() {
		if l.before.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	return unix.SchedSetaffinity(0, &one)
}

func writeSysctl(key, value string) error {
	return os.WriteFile("/proc/sys/net/"+key, []byte(value), 0)
}

// newWire makes a veth pair, one end of it the router's interface. The host at
// the other end is nobody, so that nothing answers what comes out.
func newWire(name string, number int) (w wire, err error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: name + "-wire"}); err != nil {
		return w, err
	}
	near, err := netlink.LinkByName(name)
	if err != nil {
		return w, err
	}
	far, err := netlink.LinkByName(name + "-wire")
	if err != nil {
		return w, err
	}
	if err := netlink.LinkSetUp(far); err != nil {
		return w, err
	}
	for _, prefix := range []string{fmt.Sprintf("10.9.%d.1/24", number), fmt.Sprintf("fd09:%d::1/64", number)} {
		if err := w.address(near, prefix); err != nil {
			return w, err
		}
	}
	if w.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return w, err
	}
	w.to = unix.SockaddrLinklayer{Ifindex: far.Attrs().Index, Halen: 6}
	copy(w.to.Addr[:], near.Attrs().HardwareAddr)
	return w, nil
}

// address gives the router's interface an address, and a neighbour after it.
func (w *wire) address(near netlink.Link, prefix string) error {
	if err := setUp(near.Attrs().Name, prefix); err != nil {
		return err
	}
	host := netip.MustParsePrefix(prefix).Addr().Next()
	if host.Is4() {
		w.address4 = host
	} else {
		w.address6 = host
	}
	return netlink.NeighSet(&netlink.Neigh{LinkIndex: near.Attrs().Index, IP: host.AsSlice(),
		HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 9, 9}, State: netlink.NUD_PERMANENT})
}

// EtherTypes in network byte order, as packet sockets take them.
var (
	etherIPv4 = binary.NativeEndian.Uint16([]byte{0x08, 0x00})
	etherIPv6 = binary.NativeEndian.Uint16([]byte{0x86, 0xdd})
)

func (w *wire) send(packet []byte) error {
	w.to.Protocol = etherIPv4
	if packet[0]>>4 == 6 {
		w.to.Protocol = etherIPv6
	}
	return unix.Sendto(w.fd, packet, 0, &w.to)
}

func (w *wire) close() { unix.Close(w.fd) }

func (l *lane) close() {
	l.client.close()
	l.server.close()
}
