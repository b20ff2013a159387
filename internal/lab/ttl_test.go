package lab

import (
	"net"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
)

func TestTTLTellsAppliances(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "ttl", hubAndSpokes, Options{})
	for _, c := range []struct {
		from, to  string
		ttl, want int
	}{
		{"a", "a2", 64, 64}, // no appliance
		{"a", "fw", 1, 1},
		{"a", "b", 64, 63}, // one
		{"a", "b", 128, 127},
		{"a", "b", 2, 1},
		{"a", "a2", 254, 254},
		{"a", "a2", 255, 254}, // cannot be raised
		{"a", "web", 64, 63},
	} {
		if got := ttlSeen(t, s.Lab, c.from, c.to, c.ttl); got != c.want {
			t.Errorf("from %s to %s, TTL %d becomes %d, want %d", c.from, c.to, c.ttl, got, c.want)
		}
	}
}

func ttlSeen(t *testing.T, l *Lab, from, to string, ttl int) int {
	t.Helper()
	receiver := udp(t, l, to, 0)
	sender := udp(t, l, from, 0)
	in, out := ipv4.NewPacketConn(receiver), ipv4.NewPacketConn(sender)
	if err := in.SetControlMessage(ipv4.FlagTTL, true); err != nil {
		t.Fatal(err)
	}
	if err := out.SetTTL(ttl); err != nil {
		t.Fatal(err)
	}
	if _, err := out.WriteTo([]byte("x"), nil, receiver.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	_ = receiver.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, message, _, err := in.ReadFrom(make([]byte, 8))
	if err != nil {
		t.Fatalf("from %s to %s with TTL %d: %v", from, to, ttl, err)
	}
	return message.TTL
}

// udp makes a socket in a node; it is for this test process to use.
func udp(t *testing.T, l *Lab, node string, port int) *net.UDPConn {
	t.Helper()
	at := address(t, l, node, uint16(port))
	n, _ := l.Node(node)
	var c *net.UDPConn
	err := inNamespace(n.Namespace, func() (err error) {
		c, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(at))
		return err
	})
	if err != nil {
		t.Fatalf("open UDP socket in %s: %v", node, err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	return c
}
