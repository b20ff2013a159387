package lab

import (
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

func TestTCPFlags(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]TCPFlags{"": 0, "FIN": 1, "SYN|ACK": 0x12, "syn|fin": 3, "CWR": 0x80} {
		if got, err := ParseTCPFlags(text); err != nil || got != want {
			t.Errorf("ParseTCPFlags(%q) = %#x, %v, want %#x", text, got, err, want)
		}
	}
	for _, wrong := range []string{"SIN", "SYN,ACK", "SYN|"} {
		if got, err := ParseTCPFlags(wrong); err == nil {
			t.Errorf("ParseTCPFlags(%q) = %#x", wrong, got)
		}
	}
}

// Copies have ports of their own, also when the source ports are used up.
func TestCopiesOfASegment(t *testing.T) {
	t.Parallel()
	s := Segment{Source: at("10.1.1.4:65534"), Dest: at("10.1.2.4:7")}
	for i, want := range []string{"65534 7", "65535 7", "65534 8", "65535 8"} {
		c := s.another(i)
		if got := port(c.Source) + " " + port(c.Dest); got != want {
			t.Errorf("copy %d has ports %s, want %s", i, got, want)
		}
	}
}

func TestPacketOfASegment(t *testing.T) {
	t.Parallel()
	s := Segment{Source: at("10.1.1.4:30000"), Dest: at("10.1.2.4:7"), Seq: 5, Ack: 6, Bytes: 3, TTL: 9}
	s.Flags, _ = ParseTCPFlags("PSH|ACK")
	data, err := s.packet(gopacket.NewSerializeBuffer())
	if err != nil {
		t.Fatal(err)
	}
	p := gopacket.NewPacket(data, layers.LayerTypeIPv4, gopacket.Default)
	ip, tcp := p.NetworkLayer().(*layers.IPv4), p.TransportLayer().(*layers.TCP)
	if ip.TTL != 9 || tcp.SrcPort != 30000 || tcp.Seq != 5 || tcp.Ack != 6 || !tcp.PSH || !tcp.ACK || tcp.SYN || len(tcp.Payload) != 3 {
		t.Errorf("it is %v", p)
	}
	s.Cut = 8
	if data, err = s.packet(gopacket.NewSerializeBuffer()); err != nil || len(data) != 28 {
		t.Errorf("cut to 8 bytes it has %d, %v", len(data), err)
	}
}

// A reset made by hand, with the numbers of a real connection, ends it; so
// they are the real ones.
func TestInjectIntoAnOpenConnection(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "inject", hubAndSpokes, Options{})
	client, server := open(t, s.Lab, "a", "b", 4000, DialOptions{})
	n, err := server.Numbers()
	if err != nil {
		t.Fatalf("Numbers() error:\n%+v", err)
	}
	reset := Segment{Source: server.Local, Dest: client.Local, Seq: n.Next, Ack: n.Expected, TTL: 200}
	reset.Flags, _ = ParseTCPFlags("RST|ACK")
	if err := s.Inject(t.Context(), "b", reset, 1); err != nil {
		t.Fatalf("Inject() error:\n%+v", err)
	}
	if err := client.Receive(t.Context(), 1, 2*time.Second); reason(err) != "connection reset by peer" {
		t.Errorf("the client sees %v", err)
	}
	if err := s.Inject(t.Context(), "nobody", reset, 1); err == nil {
		t.Error("a segment was injected into a node that is not there")
	}
}

func TestConntrackIsFilledAndFlushed(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "fill", hubAndSpokes, Options{})
	fw, err := s.Node("fw")
	if err != nil {
		t.Fatal(err)
	}
	limit, count := 0, 0
	read := func() {
		t.Helper()
		if err := inNamespace(fw.Namespace, func() (err error) {
			if limit, err = conntrackNumber("nf_conntrack_max"); err == nil {
				count, err = conntrackNumber("nf_conntrack_count")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.FlushConntrack("fw"); err != nil { // where conntrack is a module, it is there from now on
		t.Fatalf("FlushConntrack() error:\n%+v", err)
	}
	read()
	start := time.Now()
	if err := s.FillConntrack(t.Context(), "fw", limit-10_000); err != nil {
		t.Fatalf("FillConntrack() error:\n%+v", err)
	}
	if read(); count != 10_000 {
		t.Errorf("%d entries, want 10,000", count)
	}
	t.Logf("10,000 entries in %v", time.Since(start))
	if err := s.FlushConntrack("fw"); err != nil {
		t.Fatalf("FlushConntrack() error:\n%+v", err)
	}
	if read(); count != 0 {
		t.Errorf("%d entries are left", count)
	}
}

func TestSetSysctl(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "sysctl", hubAndSpokes, Options{})
	if err := s.SetSysctl("b", "net.ipv4.tcp_fastopen", "1027"); err != nil {
		t.Fatalf("SetSysctl() error:\n%+v", err)
	}
	if got := run(t, s.Lab, "b", "cat", "/proc/sys/net/ipv4/tcp_fastopen"); got != "1027\n" {
		t.Errorf("it is %q", got)
	}
	for _, wrong := range []string{"kernel.panic", "net.ipv4.no_such"} {
		if err := s.SetSysctl("b", wrong, "1"); err == nil {
			t.Errorf("%s was set", wrong)
		}
	}
}
