package drops

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

func tcpTuple(source, dest string) flow.Tuple {
	return flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort(source), Dest: netip.MustParseAddrPort(dest)}
}

var (
	tuple4 = tcpTuple("10.9.1.2:1", "10.9.2.2:80")
	tuple6 = tcpTuple("[fd09:1::2]:1", "[fd09:2::2]:80")
)

const (
	server4 = "10.9.2.2:80"
	server6 = "[fd09:2::2]:80"
)

// What the kernel drops by itself, and what it says.
func TestTheKernelsReasons(t *testing.T) {
	w := newWorld(t, Config{})
	udp := func(h *layers.IPv4) []byte {
		l4 := &layers.UDP{SrcPort: 7, DstPort: 53}
		if err := l4.SetNetworkLayerForChecksum(h); err != nil {
			t.Fatal(err)
		}
		return testnet.Serialize(t, h, l4, gopacket.Payload("12345678"))
	}
	tests := []struct {
		name string
		send func()
		want flow.Drop
	}{
		{"no route", func() { w.send(w.tcp("S", 1, "192.0.2.1:80")) },
			flow.Drop{Reason: "IP_INNOROUTES", Tuple: tcpTuple("10.9.1.2:1", "192.0.2.1:80"), TCPFlags: flow.BitSYN, TTL: 64, Length: 40}},
		{"no route, IPv6", func() { w.send(w.tcp("SA", 1, "[2001:db8::1]:80")) },
			flow.Drop{Reason: "IP_INNOROUTES", Tuple: tcpTuple("[fd09:1::2]:1", "[2001:db8::1]:80"), TCPFlags: flow.BitSYN | flow.BitACK, TTL: 64, Length: 60}},
		{"TTL", func() { w.send(udp(ip4(layers.IPProtocolUDP))) },
			flow.Drop{Reason: "IP_INHDR", Tuple: flow.Tuple{Protocol: flow.UDP, Source: netip.MustParseAddrPort("10.9.1.2:7"),
				Dest: netip.MustParseAddrPort("10.9.2.2:53")}, TTL: 1, Length: 36}},
		{"hop limit", func() { p := w.tcp("A", 1, server6); p[7] = 1; w.send(p) },
			flow.Drop{Reason: "IP_INHDR", Tuple: tuple6, TCPFlags: flow.BitACK, TTL: 1, Length: 60}},
		{"header checksum", func() { p := w.tcp("S", 1, server4); p[10] ^= 0xff; w.send(p) },
			flow.Drop{Reason: "IP_CSUM", Tuple: tuple4, TCPFlags: flow.BitSYN, TTL: 64, Length: 40}},
		{"reverse-path filter", func() {
			w.sysctl("ipv4/conf/client/rp_filter", "1")
			defer w.sysctl("ipv4/conf/client/rp_filter", "0")
			w.send(testnet.TCP{Source: netip.MustParseAddrPort("10.9.2.9:1"), Dest: tuple4.Dest, Flags: "S"}.Bytes(t))
		}, flow.Drop{Reason: "IP_RPFILTER", Tuple: tcpTuple("10.9.2.9:1", server4), TCPFlags: flow.BitSYN, TTL: 64, Length: 40}},
		{"martian source", func() {
			w.send(testnet.TCP{Source: netip.MustParseAddrPort("127.0.0.1:1"), Dest: tuple4.Dest, Flags: "R"}.Bytes(t))
		}, flow.Drop{Reason: "IP_LOCALNET", Tuple: tcpTuple("127.0.0.1:1", server4), TCPFlags: flow.BitRST, TTL: 64, Length: 40}},
		{"multicast source", func() {
			w.send(testnet.TCP{Source: netip.MustParseAddrPort("224.0.0.1:1"), Dest: tuple4.Dest, Flags: "S"}.Bytes(t))
		}, flow.Drop{Reason: "IP_INVALID_SOURCE", Tuple: tcpTuple("224.0.0.1:1", server4), TCPFlags: flow.BitSYN, TTL: 64, Length: 40}},
		{"ICMP", func() {
			w.send(testnet.Serialize(t, ip4(layers.IPProtocolICMPv4),
				&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoRequest, 0)}))
		}, flow.Drop{Reason: "IP_INHDR", Tuple: flow.Tuple{Protocol: flow.ICMP, Source: netip.MustParseAddrPort("10.9.1.2:0"),
			Dest: netip.MustParseAddrPort("10.9.2.2:0")}, ICMPType: 8, TTL: 1, Length: 28}},
		{"no whole header", func() { w.send(w.tcp("S", 1, server4)[:10]) }, flow.Drop{Reason: "IP_INHDR"}},
	}
	for _, tt := range tests {
		if !w.knows(tt.want.Reason) {
			t.Logf("%s: this kernel has no %s", tt.name, tt.want.Reason)
			continue
		}
		tt.send()
		want := tt.want
		want.Source, want.Interface, want.Count = flow.DropKfreeSKB, "client", 1
		w.check(tt.name, want)
	}
	w.stats()
}

// knows reports whether this kernel has a reason: newer ones have more.
func (w *world) knows(reason string) bool {
	for _, name := range w.watcher.decoder.reasons {
		if name == reason {
			return true
		}
	}
	return false
}

// check reads one drop. What the kernel's numbers and functions are called
// depends on the kernel, but they are there.
func (w *world) check(name string, want flow.Drop) {
	w.Helper()
	got := w.drops()
	if len(got) != 1 {
		w.Errorf("%s: %d drops, want one: %+v", name, len(got), got)
		return
	}
	if diff := cmp.Diff(want, got[0], cmpopts.IgnoreFields(flow.Drop{}, "Time", "ReasonNumber", "Location"), cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		w.Errorf("%s (-want +got):\n%s", name, diff)
	}
	if age := time.Since(got[0].Time); age < 0 || age > 10*time.Second {
		w.Errorf("%s: time %v is not now", name, got[0].Time)
	}
	if got[0].ReasonNumber < 3 || got[0].Location == "" {
		w.Errorf("%s: reason number %d at %q", name, got[0].ReasonNumber, got[0].Location)
	}
}

// The header after IPv6's extension headers is found, and in a later fragment
// it is not looked for.
func TestExtensionHeaders(t *testing.T) {
	w := newWorld(t, Config{})
	packet := func(extensions ...byte) []byte {
		ip := testnet.IP(w.router.Client.Address6, netip.MustParseAddr("2001:db8::1"), layers.IPProtocol(extensions[0]))
		return testnet.Serialize(t, ip, gopacket.Payload(append(extensions[1:], w.tcp("S", 1, server6)[40:]...)))
	}
	const options, fragment, tcp = 60, 44, 6
	padding := []byte{1, 4, 0, 0, 0, 0}
	within := func(next byte) []byte { return append([]byte{options, next, 0}, padding...) }
	want := flow.Drop{Source: flow.DropKfreeSKB, Reason: "IP_INNOROUTES", Interface: "client", Count: 1,
		Tuple: tcpTuple("[fd09:1::2]:1", "[2001:db8::1]:80"), TCPFlags: flow.BitSYN, TTL: 64, Length: 68}
	w.send(packet(within(tcp)...))
	w.check("destination options", want)
	want.Length = 76
	w.send(packet(append(within(options), within(tcp)[1:]...)...))
	w.check("two of them", want)
	many := within(options)
	for range 168 {
		many = append(many, within(options)[1:]...)
	}
	want.Length = 60 + 170*8
	w.send(packet(append(many, within(tcp)[1:]...)...))
	w.check("more than anybody needs", want)
	want.Length = 68
	w.send(packet(fragment, tcp, 0, 0, 1, 0, 0, 0, 1))
	w.check("first fragment", want)
	want.Tuple, want.TCPFlags = tcpTuple("[fd09:1::2]:0", "[2001:db8::1]:0"), 0
	w.send(packet(fragment, tcp, 0, 0, 8, 0, 0, 0, 1))
	w.check("later fragment", want)
}

// Sockets of the host drop too. The host's own packets have no device yet at
// the output hook, so it is their socket that tells the namespace.
func TestTheHostsOwnPackets(t *testing.T) {
	w := newWorld(t, Config{})
	w.rules(`table inet other { chain c { type filter hook output priority 0; udp dport 9 drop; }; }`)
	conn, err := net.Dial("udp", "10.9.2.2:9")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("x")); err == nil {
		t.Error("the packet was sent")
	}
	local := netip.MustParseAddrPort(conn.LocalAddr().String())
	w.check("output", flow.Drop{Source: flow.DropKfreeSKB, Reason: "NETFILTER_DROP", Hook: "output", Count: 1, TTL: 64, Length: 29,
		Tuple: flow.Tuple{Protocol: flow.UDP, Source: local, Dest: netip.MustParseAddrPort("10.9.2.2:9")}})
}
