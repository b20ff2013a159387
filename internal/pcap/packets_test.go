package pcap

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// sight is one packet at one interface, as a capture would have it.
type sight struct {
	at    time.Time
	iface int // 0 is eth0, 1 is eth1
	out   bool
	ip    []byte
}

var epoch = time.Date(2026, 9, 7, 9, 49, 5, 0, time.UTC)

// readPackets reads a .packets file; testdata/README.txt says how it is
// written.
func readPackets(t testing.TB, name string) []sight {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var sights []sight
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		sights = append(sights, passage(t, strings.Fields(line))...)
	}
	return sights
}

// passage is the sights of one line.
func passage(t testing.TB, words []string) []sight {
	t.Helper()
	seconds, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		t.Fatalf("%v: %v", words, err)
	}
	at := epoch.Add(time.Duration(seconds * float64(time.Second)))
	if words[1] == "ICMP" {
		return icmpSights(t, at, words)
	}
	o := options(words[5:])
	source, dest := endpoint(t, words[1]), endpoint(t, words[3])
	side := 0
	if source.Port() < 1024 {
		side = 1
	}
	in := sight{at, side, false, segment4(t, source, dest, words[4], o, 0)}
	if before, after, ok := strings.Cut(o["nat"], ">"); ok {
		source, dest = endpoint(t, before), endpoint(t, after)
	}
	out := sight{at.Add(50 * time.Microsecond), 1 - side, true, segment4(t, source, dest, words[4], o, 1)}
	switch {
	case o["own"] != "":
		out.ip = segment4(t, source, dest, words[4], o, 0)
		return []sight{out}
	case o["stop"] != "":
		return []sight{in}
	}
	return []sight{in, out}
}

func options(words []string) map[string]string {
	o := map[string]string{}
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			value = "yes"
		}
		o[key] = value
	}
	return o
}

func endpoint(t testing.TB, text string) netip.AddrPort {
	t.Helper()
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func number(t testing.TB, o map[string]string, key string, otherwise int) int {
	t.Helper()
	if o[key] == "" {
		return otherwise
	}
	n, err := strconv.Atoi(o[key])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func segment4(t testing.TB, source, dest netip.AddrPort, flags string, o map[string]string, hops int) []byte {
	t.Helper()
	tcp := &layers.TCP{SrcPort: layers.TCPPort(source.Port()), DstPort: layers.TCPPort(dest.Port()),
		Seq: uint32(number(t, o, "seq", 0)), Ack: uint32(number(t, o, "ack", 0)), Window: 502,
		SYN: strings.Contains(flags, "S"), ACK: strings.Contains(flags, "A"), FIN: strings.Contains(flags, "F"),
		RST: strings.Contains(flags, "R"), PSH: strings.Contains(flags, "P")}
	if tcp.SYN {
		tcp.Options = []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{0x05, 0xb4}}}
	}
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: uint8(number(t, o, "ttl", 64) - hops), Id: uint16(number(t, o, "id", 0)),
		Protocol: layers.IPProtocolTCP, SrcIP: source.Addr().AsSlice(), DstIP: dest.Addr().AsSlice()}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	return serialized(t, ip, tcp, gopacket.Payload(make([]byte, number(t, o, "len", 0))))
}

func icmpSights(t testing.TB, at time.Time, words []string) []sight {
	t.Helper()
	var kind, code uint8
	if _, err := fmt.Sscanf(words[5], "%d/%d", &kind, &code); err != nil {
		t.Fatal(err)
	}
	about := segment4(t, endpoint(t, words[7]), endpoint(t, words[9]), "S", nil, 5)
	message := func(hops uint8) []byte {
		ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 64 - hops, Id: 77, Protocol: layers.IPProtocolICMPv4,
			SrcIP: netip.MustParseAddr(words[2]).AsSlice(), DstIP: netip.MustParseAddr(words[4]).AsSlice()}
		return serialized(t, ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(kind, code)}, gopacket.Payload(about))
	}
	return []sight{{at, 1, false, message(0)}, {at.Add(50 * time.Microsecond), 0, true, message(1)}}
}

func serialized(t testing.TB, parts ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The Ethernet addresses of the firewall's interfaces, and of the hosts next to
// them.
var (
	firewallMAC = []net.HardwareAddr{{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}}
	hostMAC     = []net.HardwareAddr{{2, 0, 0, 0, 1, 1}, {2, 0, 0, 0, 1, 2}}
)

func (s sight) ethernet(t testing.TB) []byte {
	t.Helper()
	e := &layers.Ethernet{SrcMAC: hostMAC[s.iface], DstMAC: firewallMAC[s.iface], EthernetType: layers.EthernetTypeIPv4}
	if s.out {
		e.SrcMAC, e.DstMAC = e.DstMAC, e.SrcMAC
	}
	return serialized(t, e, gopacket.Payload(s.ip))
}

// cooked is the frame of a capture of all interfaces, in its first form.
func (s sight) cooked() []byte {
	head := make([]byte, 16)
	if s.out {
		head[1] = 4
	}
	head[3], head[5] = 1, 6
	copy(head[6:], hostMAC[s.iface])
	head[14] = 0x08
	return append(head, s.ip...)
}

// cooked2 is that of the second form, which has the interface.
func (s sight) cooked2() []byte {
	head := make([]byte, 20)
	head[0] = 0x08
	head[7] = byte(s.iface + 2)
	head[9] = 1
	if s.out {
		head[10] = 4
	}
	head[11] = 6
	copy(head[12:], hostMAC[s.iface])
	return append(head, s.ip...)
}
