package lab

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// gateway is every node's one next hop. Nobody has the address: a permanent
// neighbour stands for it, so nothing on a link ever asks.
var gateway = netip.AddrFrom4([4]byte{169, 254, 1, 1})

// fabricMAC is the one that Azure's platform shows its machines, on every
// interface.
var fabricMAC = net.HardwareAddr{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc}

// macOf gives an address the same locally administered MAC in every lab.
func macOf(a netip.Addr) net.HardwareAddr {
	b := a.As4()
	return net.HardwareAddr{0x02, 0x0d, b[0], b[1], b[2], b[3]}
}

// createNode makes the namespace of a node and ties it to the fabric.
func createNode(lab string, fabric *netlink.Handle, n Node) error {
	if err := createNamespace(lab, n.Namespace, sysctlsOf(n)); err != nil {
		return err
	}
	if err := tie(fabric, n.Namespace, n.neighbour()); err != nil {
		return err
	}
	return withNetlink(n.Namespace, func(h *netlink.Handle) error {
		eth0, err := h.LinkByName("eth0")
		if err != nil {
			return err
		}
		return settle(h, eth0, eth0, n.Address)
	})
}

// createInternet makes the namespace of all internet hosts.
func createInternet(lab string, fabric *netlink.Handle, nodes []Node) error {
	return createOutside(lab, fabric, namespaceOf(lab, internetNode), internetNeighbour, nodes, outsideSysctls)
}

// createOutside makes a namespace that is outside of all virtual networks: it
// holds the addresses of its hosts on lo.
func createOutside(lab string, fabric *netlink.Handle, name string, n neighbour, nodes []Node, sysctls map[string]string) error {
	if err := createNamespace(lab, name, sysctls); err != nil {
		return err
	}
	if err := tie(fabric, name, n); err != nil {
		return err
	}
	return withNetlink(name, func(h *netlink.Handle) error {
		lo, err := h.LinkByName("lo")
		if err != nil {
			return err
		}
		eth0, err := h.LinkByName("eth0")
		if err != nil {
			return err
		}
		var addresses []netip.Addr
		for _, n := range nodes {
			if n.Kind == Host && n.Namespace == name {
				addresses = append(addresses, n.Address)
			}
		}
		return settle(h, eth0, lo, addresses...)
	})
}

// tie makes the veth pair between the fabric and a node's eth0, and the
// fabric's half of what ARP would find out.
func tie(fabric *netlink.Handle, namespace string, n neighbour) error {
	target, err := netns.GetFromName(namespace)
	if err != nil {
		return fmt.Errorf("open network namespace %s: %w", namespace, err)
	}
	defer target.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.HardwareAddr = n.link, fabricMAC
	pair := &netlink.Veth{LinkAttrs: attrs, PeerName: "eth0",
		PeerHardwareAddr: macOf(n.address), PeerNamespace: netlink.NsFd(target)}
	if err := fabric.LinkAdd(pair); err != nil {
		return fmt.Errorf("make link %s to %s: %w", n.link, namespace, err)
	}
	link, err := fabric.LinkByName(n.link)
	if err != nil {
		return fmt.Errorf("find link %s: %w", n.link, err)
	}
	// The alias is for people who look at the fabric with "ip link".
	if err := fabric.LinkSetAlias(link, namespace); err != nil {
		return fmt.Errorf("name link %s: %w", n.link, err)
	}
	if err := fabric.LinkSetUp(link); err != nil {
		return fmt.Errorf("set link %s up: %w", n.link, err)
	}
	return setNeighbour(fabric, link, n.address, macOf(n.address))
}

// settle gives a node its addresses and its one route.
func settle(h *netlink.Handle, eth0, holder netlink.Link, addresses ...netip.Addr) error {
	for _, a := range addresses {
		if err := h.AddrAdd(holder, &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(a, 32))}); err != nil {
			return fmt.Errorf("add address %s: %w", a, err)
		}
	}
	if err := h.LinkSetUp(eth0); err != nil {
		return fmt.Errorf("set eth0 up: %w", err)
	}
	if err := setNeighbour(h, eth0, gateway, fabricMAC); err != nil {
		return err
	}
	route := &netlink.Route{LinkIndex: eth0.Attrs().Index, Dst: ipNet(everywhere),
		Gw: gateway.AsSlice(), Flags: int(netlink.FLAG_ONLINK)}
	if err := h.RouteAdd(route); err != nil {
		return fmt.Errorf("add the route to the fabric: %w", err)
	}
	return nil
}

func setNeighbour(h *netlink.Handle, link netlink.Link, a netip.Addr, mac net.HardwareAddr) error {
	n := &netlink.Neigh{LinkIndex: link.Attrs().Index, State: unix.NUD_PERMANENT, IP: a.AsSlice(), HardwareAddr: mac}
	if err := h.NeighSet(n); err != nil {
		return fmt.Errorf("set neighbour %s on %s: %w", a, link.Attrs().Name, err)
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
