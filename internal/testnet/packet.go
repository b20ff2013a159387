package testnet

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// TCP is a segment to be made.
type TCP struct {
	Source, Dest netip.AddrPort
	Flags        string // the letters S, A, F, R, P, as tcpdump writes them
	Seq, Ack     uint32
	Payload      int // bytes
	MSS          uint16
	ID           uint16 // IP identification
	BadChecksum  bool
}

// Bytes is the packet, IPv4 or IPv6 by its addresses.
func (s TCP) Bytes(tb testing.TB) []byte {
	tb.Helper()
	ip := IP(s.Source.Addr(), s.Dest.Addr(), layers.IPProtocolTCP)
	if v4, ok := ip.(*layers.IPv4); ok {
		v4.Id = s.ID
	}
	tcp := &layers.TCP{SrcPort: layers.TCPPort(s.Source.Port()), DstPort: layers.TCPPort(s.Dest.Port()),
		Seq: s.Seq, Ack: s.Ack, Window: 64000}
	for _, f := range s.Flags {
		switch f {
		case 'S':
			tcp.SYN = true
		case 'A':
			tcp.ACK = true
		case 'F':
			tcp.FIN = true
		case 'R':
			tcp.RST = true
		case 'P':
			tcp.PSH = true
		default:
			tb.Fatalf("unknown flag %q", f)
		}
	}
	if s.MSS != 0 {
		tcp.Options = []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4,
			OptionData: []byte{byte(s.MSS >> 8), byte(s.MSS)}}}
	}
	must(tb, tcp.SetNetworkLayerForChecksum(ip))
	packet := Serialize(tb, ip, tcp, gopacket.Payload(make([]byte, s.Payload)))
	if s.BadChecksum {
		packet[20+16] ^= 0xff
	}
	return packet
}

// NetworkLayer is an IP header that can be serialized.
type NetworkLayer interface {
	gopacket.SerializableLayer
	gopacket.NetworkLayer
}

// IP is a header between two addresses.
func IP(source, dest netip.Addr, protocol layers.IPProtocol) NetworkLayer {
	if source.Is4() {
		return &layers.IPv4{Version: 4, TTL: 64, Protocol: protocol, SrcIP: source.AsSlice(), DstIP: dest.AsSlice()}
	}
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: source.AsSlice(), DstIP: dest.AsSlice()}
}

// Serialize makes a packet of its layers, with lengths and checksums.
func Serialize(tb testing.TB, parts ...gopacket.SerializableLayer) []byte {
	tb.Helper()
	buf := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	must(tb, gopacket.SerializeLayers(buf, options, parts...))
	return buf.Bytes()
}

// ParseTCP reads a packet that came out of the router; ok is false for
// another protocol.
func ParseTCP(packet []byte) (s TCP, ok bool) {
	p := gopacket.NewPacket(packet, layers.LayerTypeIPv4, gopacket.NoCopy)
	ip, _ := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if ip == nil || tcp == nil {
		return s, false
	}
	src, _ := netip.AddrFromSlice(ip.SrcIP)
	dst, _ := netip.AddrFromSlice(ip.DstIP)
	return TCP{Source: netip.AddrPortFrom(src, uint16(tcp.SrcPort)), Dest: netip.AddrPortFrom(dst, uint16(tcp.DstPort)),
		Seq: tcp.Seq, Ack: tcp.Ack, ID: ip.Id, Payload: len(tcp.Payload)}, true
}
