package testnet

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// Hosts are a client and a server with network stacks of their own, on both
// sides of the router that the test's namespace is. Its interfaces are called
// "client" and "server".
type Hosts struct {
	Client, Server *Host
}

// Host is a namespace without a name: it goes with its last user.
type Host struct {
	Address, Address6 netip.Addr
	ns                netns.NsHandle
}

// NewHosts makes client 10.9.1.2 and fd09:1::2, server 10.9.2.2 and fd09:2::2.
func NewHosts(tb testing.TB) *Hosts {
	tb.Helper()
	return newHosts(tb, "", 0)
}

// newHosts puts something before the interfaces' names, and makes them members
// of the master, if there is one.
func newHosts(tb testing.TB, before string, master int) *Hosts {
	tb.Helper()
	if os.Getenv(inside) == "" {
		tb.Fatal("testnet.Main must run the tests")
	}
	h := &Hosts{Client: newHost(tb, before+"client", master, 1), Server: newHost(tb, before+"server", master, 2)}
	must(tb, os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0))
	must(tb, os.WriteFile("/proc/sys/net/ipv6/conf/all/forwarding", []byte("1"), 0))
	return h
}

func newHost(tb testing.TB, name string, master, number int) *Host {
	tb.Helper()
	h := &Host{
		Address:  netip.MustParseAddr(fmt.Sprintf("10.9.%d.2", number)),
		Address6: netip.MustParseAddr(fmt.Sprintf("fd09:%d::2", number)),
	}
	must(tb, onThread(func() (err error) {
		h.ns, err = netns.New()
		return err
	}))
	tb.Cleanup(func() { h.ns.Close() })
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MasterIndex = name, master
	must(tb, netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "eth0", PeerNamespace: netlink.NsFd(int(h.ns))}))
	tb.Cleanup(func() {
		if l, err := netlink.LinkByName(name); err == nil {
			_ = netlink.LinkDel(l)
		}
	})
	gateway4, gateway6 := fmt.Sprintf("10.9.%d.1", number), fmt.Sprintf("fd09:%d::1", number)
	must(tb, raise(name, gateway4+"/24", gateway6+"/64"))
	must(tb, h.Do(func() error {
		if err := raise("eth0", h.Address.String()+"/24", h.Address6.String()+"/64"); err != nil {
			return err
		}
		for _, gateway := range []string{gateway4, gateway6} {
			if err := netlink.RouteAdd(&netlink.Route{Gw: net.ParseIP(gateway)}); err != nil {
				return err
			}
		}
		return nil
	}))
	return h
}

// raise sets an interface up with its addresses, usable at once.
func raise(name string, addresses ...string) error {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		addr, err := netlink.ParseAddr(a)
		if err != nil {
			return err
		}
		addr.Flags = 0x02 // IFA_F_NODAD: nobody else can have it
		if addr.IP.To4() != nil {
			addr.Flags = 0
		}
		if err := netlink.AddrAdd(l, addr); err != nil {
			return err
		}
	}
	return netlink.LinkSetUp(l)
}

// Over6 are the same hosts, with their IPv6 addresses in both places.
func (h *Hosts) Over6() *Hosts {
	client, server := *h.Client, *h.Server
	client.Address, server.Address = client.Address6, server.Address6
	return &Hosts{Client: &client, Server: &server}
}

// Do runs a function on a thread in the host's namespace. Sockets that it makes
// stay there, whoever uses them later; processes that it starts run there.
func (h *Host) Do(do func() error) error {
	return onThread(func() error {
		if err := netns.Set(h.ns); err != nil {
			return err
		}
		return do()
	})
}

// onThread runs a function on a thread of its own, which is not used again.
func onThread(do func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		result <- do()
	}()
	return <-result
}
