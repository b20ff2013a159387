package main

import (
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// slopePackets is how many packets a measurement takes its median of.
const slopePackets = 512

// packetKind is packets that the recorder treats alike.
type packetKind struct {
	name  string
	ipv6  bool
	event bool // each packet is one
	aim   any
	// prepare makes the connection, once; packet sends the n-th packet.
	prepare func() error
	packet  func(n int) error
}

func (k *packetKind) send() error {
	for n := range slopePackets {
		if err := k.packet(n); err != nil {
			return err
		}
	}
	return nil
}

// talk is a connection made by hand.
type talk struct {
	lane           *lane
	client, server netip.AddrPort
	seq, ack       uint32 // the client's next ones
}

func (l *lane) talk(port uint16, ipv6 bool) *talk {
	t := &talk{lane: l, client: netip.AddrPortFrom(l.client.address4, port), server: netip.AddrPortFrom(l.server.address4, 443), seq: 1000, ack: 5001}
	if ipv6 {
		t.client, t.server = netip.AddrPortFrom(l.client.address6, port), netip.AddrPortFrom(l.server.address6, 443)
	}
	return t
}

// kinds are measured in this order.
func (l *lane) kinds() []packetKind {
	data4, data6, fin, syn, stray := l.talk(1, false), l.talk(2, true), l.talk(3, false), l.talk(4, false), l.talk(5, false)
	none := func() error { return nil }
	return []packetKind{
		{name: "data", aim: 60, prepare: data4.handshake, packet: data4.data},
		{name: "data_ipv6", ipv6: true, prepare: data6.handshake, packet: data6.data},
		{name: "event_fin", event: true, aim: 250, prepare: fin.handshake, packet: func(int) error { return fin.fromClient(layers.TCP{FIN: true, ACK: true}, 0) }},
		{name: "event_syn", event: true, aim: 250, prepare: none, packet: func(int) error { return syn.fromClient(layers.TCP{SYN: true}, 0) }},
		{name: "event_invalid", event: true, prepare: none, packet: func(int) error { return stray.fromClient(layers.TCP{ACK: true}, 0) }},
	}
}

func (t *talk) handshake() error {
	if err := t.fromClient(layers.TCP{SYN: true}, 0); err != nil {
		return err
	}
	if err := t.fromServer(layers.TCP{SYN: true, ACK: true, Seq: t.ack - 1, Ack: t.seq + 1}); err != nil {
		return err
	}
	t.seq++
	return t.fromClient(layers.TCP{ACK: true}, 0)
}

// data sends, in turn, data and its acknowledgement.
func (t *talk) data(n int) error {
	const size = 100
	if n%2 == 1 {
		return t.fromServer(layers.TCP{ACK: true, Seq: t.ack, Ack: t.seq})
	}
	err := t.fromClient(layers.TCP{PSH: true, ACK: true}, size)
	t.seq += size
	return err
}

func (t *talk) fromClient(tcp layers.TCP, payload int) error {
	tcp.Seq = t.seq
	if tcp.ACK {
		tcp.Ack = t.ack
	}
	return t.send(&t.lane.client, tcp, t.client, t.server, payload)
}

func (t *talk) fromServer(tcp layers.TCP) error {
	return t.send(&t.lane.server, tcp, t.server, t.client, 0)
}

func (t *talk) send(w *wire, tcp layers.TCP, from, to netip.AddrPort, payload int) error {
	tcp.SrcPort, tcp.DstPort, tcp.Window = layers.TCPPort(from.Port()), layers.TCPPort(to.Port()), 64000
	if tcp.SYN {
		tcp.Options = synOptions
	}
	var ip interface {
		gopacket.SerializableLayer
		gopacket.NetworkLayer
	} = &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}
	if from.Addr().Is6() {
		ip = &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}
	}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		return err
	}
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, ip, &tcp, gopacket.Payload(make([]byte, payload))); err != nil {
		return err
	}
	return w.send(buffer.Bytes())
}

// synOptions are those that Linux sends with a SYN.
var synOptions = []layers.TCPOption{
	{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 180}},
	{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2},
	{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)},
	{OptionType: layers.TCPOptionKindNop, OptionLength: 1},
	{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
}
