package pcap

import (
	"encoding/binary"
	"net/netip"

	"github.com/gopacket/gopacket/layers"

	"github.com/sekisho/sekisho/internal/flow"
)

// transport reads what is in an IP packet; whole is its length by the header,
// which may be more than was captured.
func (d *decoder) transport(p *Packet, protocol flow.Protocol, source, dest netip.Addr, data []byte, whole int) bool {
	p.Tuple = flow.Tuple{Protocol: protocol, Source: netip.AddrPortFrom(source, 0), Dest: netip.AddrPortFrom(dest, 0)}
	switch protocol {
	case flow.TCP:
		return d.segment(p, data, whole)
	case flow.ICMP, flow.ICMPv6:
		return d.icmp(p, data)
	}
	return d.other("packets of other protocols")
}

func (d *decoder) segment(p *Packet, data []byte, whole int) bool {
	if d.tcp.DecodeFromBytes(data, feedback{}) != nil {
		return d.other("packets that were captured without their TCP header")
	}
	p.Tuple.Source = netip.AddrPortFrom(p.Tuple.Source.Addr(), uint16(d.tcp.SrcPort))
	p.Tuple.Dest = netip.AddrPortFrom(p.Tuple.Dest.Addr(), uint16(d.tcp.DstPort))
	p.Flags = flow.TCPFlags(data[13])
	p.Seq, p.Ack, p.Window = d.tcp.Seq, d.tcp.Ack, d.tcp.Window
	p.Payload = uint16(min(max(whole-4*int(d.tcp.DataOffset), 0), 1<<16-1))
	if p.Flags&flow.BitSYN != 0 {
		for _, o := range d.tcp.Options {
			if o.OptionType == layers.TCPOptionKindMSS && len(o.OptionData) == 2 {
				p.MSS = binary.BigEndian.Uint16(o.OptionData)
			}
		}
	}
	d.add(p)
	return true
}

// icmp reads an error, with the tuple of the packet that it is about: errors
// carry its header, and at least the ports (RFC 792, RFC 4443).
func (d *decoder) icmp(p *Packet, data []byte) bool {
	const header = 8
	if len(data) < header {
		return d.other("packets of other protocols")
	}
	p.ICMPType, p.ICMPCode = data[0], data[1]
	if !isError(p.Tuple.Protocol, p.ICMPType) || !inner(p, data[header:]) {
		return d.other("packets of other protocols")
	}
	d.add(p)
	return true
}

func isError(protocol flow.Protocol, kind uint8) bool {
	if protocol == flow.ICMPv6 {
		return 1 <= kind && kind <= 4
	}
	return kind == 3 || kind == 4 || kind == 5 || kind == 11 || kind == 12
}

// inner reads the tuple of the TCP packet that an error is about; false where
// it is about none.
func inner(p *Packet, data []byte) bool {
	var protocol layers.IPProtocol
	var source, dest netip.Addr
	switch {
	case len(data) >= 20 && data[0]>>4 == 4 && len(data) >= 4*int(data[0]&15)+4 && data[0]&15 >= 5:
		source, _ = netip.AddrFromSlice(data[12:16])
		dest, _ = netip.AddrFromSlice(data[16:20])
		protocol, data = layers.IPProtocol(data[9]), data[4*int(data[0]&15):]
	case len(data) >= 44 && data[0]>>4 == 6:
		source, _ = netip.AddrFromSlice(data[8:24])
		dest, _ = netip.AddrFromSlice(data[24:40])
		protocol, data = layers.IPProtocol(data[6]), data[40:]
	}
	if protocol != layers.IPProtocolTCP {
		return false
	}
	p.Inner = flow.Tuple{Protocol: flow.TCP,
		Source: netip.AddrPortFrom(source, binary.BigEndian.Uint16(data)),
		Dest:   netip.AddrPortFrom(dest, binary.BigEndian.Uint16(data[2:]))}
	return true
}
