package pcap

import (
	"fmt"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/sekisho/sekisho/internal/flow"
)

// decoder makes packets of frames. Its headers are used again and again.
type decoder struct {
	add    func(*Packet)
	others map[string]int

	ethernet layers.Ethernet
	vlan     layers.Dot1Q
	cooked   layers.LinuxSLL
	cooked2  layers.LinuxSLL2
	ip4      layers.IPv4
	ip6      layers.IPv6
	tcp      layers.TCP
}

// feedback takes note that a packet was captured in part; headers that are
// missing are errors of their own.
type feedback struct{}

func (feedback) SetTruncated() {}

// frame reports whether a frame is used.
func (d *decoder) frame(f frame) bool {
	p := &Packet{Time: f.Timestamp.UTC(), At: Place{Interface: f.name}}
	kind, payload, ok := d.link(f, p)
	for ok && (kind == layers.EthernetTypeDot1Q || kind == layers.EthernetTypeQinQ) {
		if ok = d.vlan.DecodeFromBytes(payload, feedback{}) == nil; ok {
			kind, payload = d.vlan.Type, d.vlan.Payload
		}
	}
	switch {
	case !ok && !linked(f.link):
		return d.other(fmt.Sprintf("frames of a kind of interface that is not read (%s)", f.link))
	case !ok:
		return d.other("frames that cannot be read")
	case kind == layers.EthernetTypeIPv4:
		return d.v4(payload, p)
	case kind == layers.EthernetTypeIPv6:
		return d.v6(payload, p)
	}
	return d.other(fmt.Sprintf("frames that are not IP (%s)", kind))
}

func (d *decoder) other(what string) bool {
	d.others[what]++
	return false
}

// link takes the header of the link off. Linux's "cooked" captures, those of
// `-i any`, say whether a packet comes or goes.
func (d *decoder) link(f frame, p *Packet) (layers.EthernetType, []byte, bool) {
	switch f.link {
	case layers.LinkTypeEthernet:
		err := d.ethernet.DecodeFromBytes(f.data, feedback{})
		copy(p.from[:], d.ethernet.SrcMAC)
		copy(p.to[:], d.ethernet.DstMAC)
		return d.ethernet.EthernetType, d.ethernet.Payload, err == nil
	case layers.LinkTypeLinuxSLL:
		err := d.cooked.DecodeFromBytes(f.data, feedback{})
		p.At.Interface, p.At.Way = "any", wayOf(d.cooked.PacketType)
		return d.cooked.EthernetType, d.cooked.Payload, err == nil
	case layers.LinkTypeLinuxSLL2:
		err := d.cooked2.DecodeFromBytes(f.data, feedback{})
		p.At.Interface, p.At.Way = fmt.Sprintf("if%d", d.cooked2.InterfaceIndex), wayOf(layers.LinuxSLLPacketType(d.cooked2.PacketType))
		return layers.EthernetType(d.cooked2.ProtocolType), d.cooked2.Payload, err == nil
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		return unlinked(f.data, 4)
	case layers.LinkTypeRaw, layers.LinkTypeIPv4, layers.LinkTypeIPv6, rawBSD, rawOpenBSD:
		return unlinked(f.data, 0)
	}
	return 0, nil, false
}

// linked reports whether frames of such an interface can be read.
func linked(link layers.LinkType) bool {
	switch link {
	case layers.LinkTypeEthernet, layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL2, layers.LinkTypeNull, layers.LinkTypeLoop,
		layers.LinkTypeRaw, layers.LinkTypeIPv4, layers.LinkTypeIPv6, rawBSD, rawOpenBSD:
		return true
	}
	return false
}

// The numbers that raw IP has on some systems.
const (
	rawBSD     layers.LinkType = 12
	rawOpenBSD layers.LinkType = 14
)

func wayOf(t layers.LinuxSLLPacketType) Way {
	switch t {
	case layers.LinuxSLLPacketTypeHost:
		return In
	case layers.LinuxSLLPacketTypeOutgoing:
		return Out
	}
	return Unknown
}

// unlinked is IP behind a header of so many bytes; its version is in its first
// byte.
func unlinked(data []byte, header int) (layers.EthernetType, []byte, bool) {
	if len(data) <= header {
		return 0, nil, false
	}
	switch data = data[header:]; data[0] >> 4 {
	case 4:
		return layers.EthernetTypeIPv4, data, true
	case 6:
		return layers.EthernetTypeIPv6, data, true
	}
	return 0, nil, false
}

func (d *decoder) v4(data []byte, p *Packet) bool {
	if d.ip4.DecodeFromBytes(data, feedback{}) != nil {
		return d.other("frames that cannot be read")
	}
	if d.ip4.FragOffset != 0 {
		return d.other("fragments")
	}
	p.TTL, p.IPID = d.ip4.TTL, d.ip4.Id
	source, _ := netip.AddrFromSlice(d.ip4.SrcIP)
	dest, _ := netip.AddrFromSlice(d.ip4.DstIP)
	whole := int(d.ip4.Length) - 4*int(d.ip4.IHL)
	return d.transport(p, flow.Protocol(d.ip4.Protocol), source, dest, d.ip4.Payload, whole)
}

func (d *decoder) v6(data []byte, p *Packet) bool {
	if d.ip6.DecodeFromBytes(data, feedback{}) != nil {
		return d.other("frames that cannot be read")
	}
	p.TTL = d.ip6.HopLimit
	source, _ := netip.AddrFromSlice(d.ip6.SrcIP)
	dest, _ := netip.AddrFromSlice(d.ip6.DstIP)
	next, payload, whole := d.ip6.NextHeader, d.ip6.Payload, int(d.ip6.Length)
	if d.ip6.HopByHop != nil {
		next = d.ip6.HopByHop.NextHeader
		whole -= d.ip6.HopByHop.ActualLength
		payload = d.ip6.HopByHop.Payload
	}
	for next == layers.IPProtocolIPv6Routing || next == layers.IPProtocolIPv6Destination {
		if len(payload) < 8 || len(payload) < 8*(1+int(payload[1])) {
			return d.other("frames that cannot be read")
		}
		size := 8 * (1 + int(payload[1]))
		next, payload, whole = layers.IPProtocol(payload[0]), payload[size:], whole-size
	}
	if next == layers.IPProtocolIPv6Fragment {
		return d.other("fragments")
	}
	return d.transport(p, flow.Protocol(next), source, dest, payload, whole)
}

var _ gopacket.DecodeFeedback = feedback{}
