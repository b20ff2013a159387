package ruleset

import (
	"net"
	"net/netip"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// segment is a packet of a TCP connection: flags as letters, "S", "SA", "A",
// "R", "RA", "F".
type segment struct {
	from, to netip.AddrPort
	flags    string
	seq, ack uint32
	payload  string
}

func (s segment) layers() []gopacket.SerializableLayer {
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(s.from.Port()), DstPort: layers.TCPPort(s.to.Port()),
		Seq: s.seq, Ack: s.ack, Window: 65535,
		SYN: strings.Contains(s.flags, "S"), ACK: strings.Contains(s.flags, "A"),
		RST: strings.Contains(s.flags, "R"), FIN: strings.Contains(s.flags, "F"),
	}
	ip := ipHeader(s.from.Addr(), s.to.Addr(), layers.IPProtocolTCP)
	_ = tcp.SetNetworkLayerForChecksum(ip)
	return []gopacket.SerializableLayer{ip, tcp, gopacket.Payload(s.payload)}
}

// layers are those of the first packet of a connection; id tells it from others
// between the same endpoints.
func (p packet) layers(id uint16) []gopacket.SerializableLayer {
	ip := ipHeader(p.source.Addr(), p.dest.Addr(), layers.IPProtocol(p.protocol))
	source := netip.AddrPortFrom(p.source.Addr(), id)
	switch p.protocol {
	case 6:
		return segment{from: source, to: p.dest, flags: "S", seq: 1000}.layers()
	case 17:
		udp := &layers.UDP{SrcPort: layers.UDPPort(id), DstPort: layers.UDPPort(p.dest.Port())}
		_ = udp.SetNetworkLayerForChecksum(ip)
		return []gopacket.SerializableLayer{ip, udp, gopacket.Payload("x")}
	case 1:
		return []gopacket.SerializableLayer{ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(8, 0), Id: id}}
	case 58:
		icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeEchoRequest, 0)}
		_ = icmp.SetNetworkLayerForChecksum(ip)
		return []gopacket.SerializableLayer{ip, icmp, &layers.ICMPv6Echo{Identifier: id}}
	}
	return []gopacket.SerializableLayer{ip, gopacket.Payload(make([]byte, 16))}
}

// ipLayer is the header of either IP version.
type ipLayer interface {
	gopacket.NetworkLayer
	gopacket.SerializableLayer
}

func ipHeader(from, to netip.Addr, protocol layers.IPProtocol) ipLayer {
	if from.Is6() {
		return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
	}
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: from.AsSlice(), DstIP: to.AsSlice()}
}

// serialize makes bytes of layers, with lengths and checksums.
func (w *world) serialize(parts ...gopacket.SerializableLayer) []byte {
	w.t.Helper()
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, parts...); err != nil {
		w.t.Fatal(err)
	}
	return buffer.Bytes()
}

// frame is a packet on its way from a side into the firewall.
func (s *side) frame(parts ...gopacket.SerializableLayer) []byte {
	s.world.t.Helper()
	number := byte(1)
	if s == s.world.right {
		number = 2
	}
	ethernet := &layers.Ethernet{
		SrcMAC: net.HardwareAddr{2, 0, 0, 0, number, 2}, DstMAC: net.HardwareAddr{2, 0, 0, 0, number, 1},
		EthernetType: layers.EthernetTypeIPv4,
	}
	if parts[0].LayerType() == layers.LayerTypeIPv6 {
		ethernet.EthernetType = layers.EthernetTypeIPv6
	}
	return s.world.serialize(append([]gopacket.SerializableLayer{ethernet}, parts...)...)
}

// send puts one packet on the wire.
func (s *side) send(parts ...gopacket.SerializableLayer) {
	s.world.t.Helper()
	if err := unix.Sendto(s.socket, s.frame(parts...), 0, &s.to); err != nil {
		s.world.t.Fatal(err)
	}
}

// received is how many packets have come out of the firewall on this side.
func (s *side) received() int {
	s.world.t.Helper()
	var count uint64
	s.world.in(s.namespace, func() {
		link, err := netlink.LinkByIndex(s.to.Ifindex)
		if err != nil {
			s.world.t.Fatal(err)
		}
		count = link.Attrs().Statistics.RxPackets
	})
	return int(count)
}

// passes sends a packet and reports whether it came out on the other side; if
// not, the chain "enforce" must have dropped it.
func (s *side) passes(parts ...gopacket.SerializableLayer) bool {
	w := s.world
	w.t.Helper()
	other := w.left
	if s == w.left {
		other = w.right
	}
	received, dropped := other.received(), w.counters().dropped()
	s.send(parts...)
	passed := false
	w.eventually("the packet is forwarded or dropped", func() bool {
		passed = other.received() == received+1
		return passed || w.counters().dropped() == dropped+1
	})
	return passed
}
