package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// What is not TCP over IPv4: other protocols have one event for their first
// packet, ICMP errors belong to the connection that they are about, and IPv6
// is as IPv4, with extension headers and fragments.
func TestOtherProtocolsAndIPv6AreRecorded(t *testing.T) {
	testnet.NeedRoot(t)
	recordWidely(t, testnet.NewRouter(t))
}

// Within a VRF the hooks see packets with its own interface, and some hooks see
// them twice.
func TestOtherProtocolsAndIPv6AreRecordedWithinAVRF(t *testing.T) {
	testnet.NeedRoot(t)
	recordWidely(t, testnet.NewVRF(t, "blue", 100).NewRouter(t))
}

func recordWidely(t *testing.T, router *testnet.Router) {
	t.Helper()
	if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil { // of what other tests have left
		t.Fatal(err)
	}
	nft(t, conntrackOnly)
	if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	w := wide{t: t, router: router, client: router.Client.Address, server: router.Server.Address}
	w6 := w
	w6.client, w6.server = router.Client.Address6, router.Server.Address6
	tests := []struct {
		name string
		send func()
		want []string
	}{
		{"UDP: the first packet only", func() { w.udp(1, false); w.udp(1, true); w.udp(1, false) },
			[]string{"first UDP 10.9.1.2:1 10.9.2.2:53 of UDP 10.9.1.2:1 10.9.2.2:53"}},
		{"ICMP: the request", func() { w.echo(layers.ICMPv4TypeEchoRequest, false); w.echo(layers.ICMPv4TypeEchoReply, true) },
			[]string{"first ICMP 10.9.1.2:0 10.9.2.2:0 of ICMP 10.9.1.2:0 10.9.2.2:0 type 8"}},
		{"ICMP: a reply without request", func() { w.echoID = 9; w.echo(layers.ICMPv4TypeEchoReply, false) },
			[]string{"INVALID ICMP 10.9.1.2:0 10.9.2.2:0"}},
		{"ICMP: an error about a SYN", func() { w.syn(2); w.unreachable(2) },
			[]string{"SYN TCP 10.9.1.2:2 10.9.2.2:22 of TCP 10.9.1.2:2 10.9.2.2:22",
				"ICMP-ERROR ICMP 10.9.2.2:0 10.9.1.2:0 of TCP 10.9.1.2:2 10.9.2.2:22 type 3 code 1"}},
		{"IPv6: a connection", func() { w6.connection(3) },
			[]string{"SYN TCP [fd09:1::2]:3 [fd09:2::2]:22 of TCP [fd09:1::2]:3 [fd09:2::2]:22",
				"SYN-ACK TCP [fd09:2::2]:22 [fd09:1::2]:3 of TCP [fd09:1::2]:3 [fd09:2::2]:22",
				"ACK TCP [fd09:1::2]:3 [fd09:2::2]:22 of TCP [fd09:1::2]:3 [fd09:2::2]:22",
				"FIN TCP [fd09:1::2]:3 [fd09:2::2]:22 of TCP [fd09:1::2]:3 [fd09:2::2]:22",
				"FIN-ACK TCP [fd09:2::2]:22 [fd09:1::2]:3 of TCP [fd09:1::2]:3 [fd09:2::2]:22"}},
		{"IPv6: from the middle", func() { w6.segment(4, "PA") },
			[]string{"INVALID TCP [fd09:1::2]:4 [fd09:2::2]:22"}},
		{"IPv6: extension headers", func() { w6.extended(5) },
			[]string{"SYN TCP [fd09:1::2]:5 [fd09:2::2]:22 of TCP [fd09:1::2]:5 [fd09:2::2]:22"}},
		{"IPv6: more extension headers than anybody needs", func() { w6.behind(15, 9); w6.behind(16, 170) },
			[]string{"SYN TCP [fd09:1::2]:15 [fd09:2::2]:22 of TCP [fd09:1::2]:15 [fd09:2::2]:22",
				"SYN TCP [fd09:1::2]:16 [fd09:2::2]:22 of TCP [fd09:1::2]:16 [fd09:2::2]:22"}},
		{"IPv6: UDP", func() { w6.udp(6, false); w6.udp(6, true) },
			[]string{"first UDP [fd09:1::2]:6 [fd09:2::2]:53 of UDP [fd09:1::2]:6 [fd09:2::2]:53"}},
		{"IPv6: ICMPv6", func() { w6.echo6() },
			[]string{"first ICMPv6 [fd09:1::2]:0 [fd09:2::2]:0 of ICMPv6 [fd09:1::2]:0 [fd09:2::2]:0 type 128"}},
		{"IPv6: an error about a SYN", func() { w6.syn(7); w6.unreachable6(7) },
			[]string{"SYN TCP [fd09:1::2]:7 [fd09:2::2]:22 of TCP [fd09:1::2]:7 [fd09:2::2]:22",
				"ICMP-ERROR ICMPv6 [fd09:2::2]:0 [fd09:1::2]:0 of TCP [fd09:1::2]:7 [fd09:2::2]:22 type 1 code 3"}},
		{"fragments are one packet", func() { w.fragments(8) },
			[]string{"first UDP 10.9.1.2:8 10.9.2.2:53 of UDP 10.9.1.2:8 10.9.2.2:53"}},
	}
	for _, tt := range tests {
		tt.send()
		var got []string
		for _, e := range collect(t, r, len(tt.want)) {
			got = append(got, tell(&e))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	// And nothing beside: the next event is that of the next packet.
	w.syn(99)
	if got := collect(t, r, 1); got[0].Packet.Source.Port() != 99 {
		t.Errorf("an event too many: %s", tell(&got[0]))
	}
}

func tell(e *flow.Event) string {
	flag := e.Flag.String()
	if e.Flag == flow.FlagNone {
		flag = "first"
	}
	text := fmt.Sprintf("%s %v %v %v", flag, e.Packet.Protocol, e.Packet.Source, e.Packet.Dest)
	if e.Connection.IsValid() {
		text += fmt.Sprintf(" of %v %v %v", e.Connection.Protocol, e.Connection.Source, e.Connection.Dest)
	}
	if e.ICMPType != 0 {
		text += fmt.Sprintf(" type %d", e.ICMPType)
	}
	if e.ICMPCode != 0 {
		text += fmt.Sprintf(" code %d", e.ICMPCode)
	}
	if by := e.In + " " + e.Out; by != "client server" && by != "server client" {
		text += fmt.Sprintf(" by %q", by)
	}
	return text
}

// wide sends packets of all kinds between a client and a server.
type wide struct {
	t              *testing.T
	router         *testnet.Router
	client, server netip.Addr
	echoID         uint16
}

func (w *wide) send(reply bool, packet []byte) {
	if reply {
		w.router.Server.Send(w.t, packet)
	} else {
		w.router.Client.Send(w.t, packet)
	}
}

func (w *wide) ends(reply bool) (source, dest netip.Addr) {
	if reply {
		return w.server, w.client
	}
	return w.client, w.server
}

func (w *wide) udp(port uint16, reply bool) {
	source, dest := w.ends(reply)
	udp := &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: 53}
	if reply {
		udp.SrcPort, udp.DstPort = udp.DstPort, udp.SrcPort
	}
	ip := testnet.IP(source, dest, layers.IPProtocolUDP)
	w.must(udp.SetNetworkLayerForChecksum(ip))
	w.send(reply, testnet.Serialize(w.t, ip, udp, gopacket.Payload("hello")))
}

func (w *wide) echo(kind uint8, reply bool) {
	source, dest := w.ends(reply)
	icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, 0), Id: w.echoID, Seq: 1}
	w.send(reply, testnet.Serialize(w.t, testnet.IP(source, dest, layers.IPProtocolICMPv4), icmp))
}

func (w *wide) echo6() {
	ip := testnet.IP(w.client, w.server, layers.IPProtocolICMPv6)
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeEchoRequest, 0)}
	w.must(icmp.SetNetworkLayerForChecksum(ip))
	w.send(false, testnet.Serialize(w.t, ip, icmp, &layers.ICMPv6Echo{Identifier: 1}))
}

func (w *wide) tcp(port uint16, flags string, seq, ack uint32) testnet.TCP {
	return testnet.TCP{Source: netip.AddrPortFrom(w.client, port), Dest: netip.AddrPortFrom(w.server, 22), Flags: flags, Seq: seq, Ack: ack}
}

func (w *wide) syn(port uint16) { w.send(false, w.tcp(port, "S", 100, 0).Bytes(w.t)) }

func (w *wide) segment(port uint16, flags string) {
	w.send(false, w.tcp(port, flags, 100, 1).Bytes(w.t))
}

func (w *wide) connection(port uint16) {
	for _, s := range []struct {
		reply    bool
		flags    string
		seq, ack uint32
	}{{false, "S", 100, 0}, {true, "SA", 500, 101}, {false, "A", 101, 501}, {false, "FA", 101, 501}, {true, "FA", 501, 102}, {false, "A", 102, 502}} {
		p := w.tcp(port, s.flags, s.seq, s.ack)
		if s.reply {
			p.Source, p.Dest = p.Dest, p.Source
		}
		w.send(s.reply, p.Bytes(w.t))
	}
}

// unreachable sends the server's ICMP error about a SYN of ours.
func (w *wide) unreachable(port uint16) {
	about := w.tcp(port, "S", 100, 0).Bytes(w.t)[:28]
	icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodeHost)}
	w.send(true, testnet.Serialize(w.t, testnet.IP(w.server, w.client, layers.IPProtocolICMPv4), icmp, gopacket.Payload(about)))
}

func (w *wide) unreachable6(port uint16) {
	about := w.tcp(port, "S", 100, 0).Bytes(w.t)[:60]
	ip := testnet.IP(w.server, w.client, layers.IPProtocolICMPv6)
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeDestinationUnreachable, layers.ICMPv6CodeAddressUnreachable)}
	w.must(icmp.SetNetworkLayerForChecksum(ip))
	w.send(true, testnet.Serialize(w.t, ip, icmp, gopacket.Payload(append(make([]byte, 4), about...))))
}

// extended is a SYN behind a hop-by-hop and a destination options header.
func (w *wide) extended(port uint16) {
	plain := w.tcp(port, "S", 100, 0).Bytes(w.t)
	packet := append([]byte{}, plain[:40]...)
	packet[6] = 0                                                            // hop-by-hop options
	packet = append(packet, 60, 0, 1, 4, 0, 0, 0, 0)                         // PadN; next: destination options
	packet = append(packet, 6, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // 16 bytes; next: TCP
	packet = append(packet, plain[40:]...)
	binary.BigEndian.PutUint16(packet[4:], uint16(len(packet)-40))
	w.send(false, packet)
}

// behind is a SYN behind so many headers with destination options.
func (w *wide) behind(port uint16, headers int) {
	const options, tcp = 60, 6
	plain := w.tcp(port, "S", 100, 0).Bytes(w.t)
	packet := append([]byte{}, plain[:40]...)
	packet[6] = options
	for i := range headers {
		next := byte(options)
		if i == headers-1 {
			next = tcp
		}
		packet = append(packet, next, 0, 1, 4, 0, 0, 0, 0)
	}
	packet = append(packet, plain[40:]...)
	binary.BigEndian.PutUint16(packet[4:], uint16(len(packet)-40))
	w.send(false, packet)
}

// fragments sends one UDP packet in two pieces.
func (w *wide) fragments(port uint16) {
	udp := &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: 53}
	ip := testnet.IP(w.client, w.server, layers.IPProtocolUDP)
	w.must(udp.SetNetworkLayerForChecksum(ip))
	whole := testnet.Serialize(w.t, ip, udp, gopacket.Payload(make([]byte, 64)))
	for _, piece := range []struct{ from, to int }{{0, 40}, {40, len(whole) - 20}} {
		header := &layers.IPv4{Version: 4, TTL: 64, Id: 7, Protocol: layers.IPProtocolUDP, FragOffset: uint16(piece.from / 8),
			SrcIP: w.client.AsSlice(), DstIP: w.server.AsSlice()}
		if piece.from == 0 {
			header.Flags = layers.IPv4MoreFragments
		}
		w.send(false, testnet.Serialize(w.t, header, gopacket.Payload(whole[20+piece.from:20+piece.to])))
	}
}

func (w *wide) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
