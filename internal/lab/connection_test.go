package lab

import (
	"net/netip"
	"strconv"
	"testing"
	"time"
)

func at(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }

func port(a netip.AddrPort) string { return strconv.Itoa(int(a.Port())) }

// open makes a connection with both ends in the test's hands.
func open(t *testing.T, l *Lab, from, to string, number uint16, o DialOptions) (client, server *End) {
	t.Helper()
	listener, err := l.Listen(to, number, false)
	if err != nil {
		t.Fatalf("Listen() error:\n%+v", err)
	}
	t.Cleanup(func() { listener.Close() })
	client, result, err := l.Dial(t.Context(), from, address(t, l, to, number), o)
	if err != nil || result.Outcome != Established {
		t.Fatalf("Dial() = %+v, %v", result, err)
	}
	server, err = listener.Accept(t.Context(), client.Local, 2*time.Second)
	if err != nil {
		t.Fatalf("Accept() error:\n%+v", err)
	}
	t.Cleanup(func() { client.Leave(); server.Leave() })
	return client, server
}

// transfer expects bytes to arrive.
func transfer(t *testing.T, from, to *End, bytes int) {
	t.Helper()
	if err := from.Send(t.Context(), bytes, 2*time.Second); err != nil {
		t.Errorf("Send() error:\n%+v", err)
	}
	if err := to.Receive(t.Context(), bytes, 2*time.Second); err != nil {
		t.Errorf("Receive() error:\n%+v", err)
	}
}

func TestAConnectionStaysOpen(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "open", hubAndSpokes, Options{})
	client, server := open(t, s.Lab, "a", "b", 4000, DialOptions{KeepAlive: time.Second})
	transfer(t, client, server, 100_000)
	before, err := client.Numbers()
	if err != nil {
		t.Fatalf("Numbers() error:\n%+v", err)
	}
	transfer(t, server, client, 1000)
	after, _ := client.Numbers()
	theirs, _ := server.Numbers()
	if after.Expected-before.Expected != 1000 || after.Next != before.Next || theirs.Next != after.Expected || theirs.Expected != after.Next {
		t.Errorf("numbers were %+v and are %+v; the server's are %+v", before, after, theirs)
	}
	if err := client.Finish(); err != nil {
		t.Errorf("Finish() error:\n%+v", err)
	}
	transfer(t, server, client, 10) // half closed
	if err := server.Reset(); err != nil {
		t.Errorf("Reset() error:\n%+v", err)
	}
	if err := client.Receive(t.Context(), 1, 2*time.Second); reason(err) != "connection reset by peer" {
		t.Errorf("after the reset the client sees %v", err)
	}
}

// Who leaves without a word can come again with the same ports: the kernel has
// forgotten the connection at once.
func TestAnEndThatLeaves(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "leave", hubAndSpokes, Options{})
	client, server := open(t, s.Lab, "a", "b", 4000, DialOptions{LocalPort: 30000})
	if err := client.Leave(); err != nil {
		t.Fatalf("Leave() error:\n%+v", err)
	}
	if err := server.Receive(t.Context(), 1, 200*time.Millisecond); reason(err) != "timeout" {
		t.Errorf("the server sees %v", err)
	}
	again, result, err := s.Dial(t.Context(), "a", server.Local, DialOptions{LocalPort: 30000})
	if err != nil || result.Outcome != Established {
		t.Fatalf("Dial() with the same ports = %+v, %v", result, err)
	}
	t.Cleanup(func() { again.Leave() })
	if err := server.Receive(t.Context(), 1, 2*time.Second); reason(err) != "connection reset by peer" {
		t.Errorf("of the first connection the server sees %v", err)
	}
}

// A deaf server has room for one; the handshake of the next one never ends.
func TestADeafListener(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "deaf", hubAndSpokes, Options{})
	listener, err := s.Listen("b", 4001, true)
	if err != nil {
		t.Fatalf("Listen() error:\n%+v", err)
	}
	t.Cleanup(func() { listener.Close() })
	to := address(t, s.Lab, "b", 4001)
	first, _, err := s.Dial(t.Context(), "a", to, DialOptions{})
	if err != nil || first == nil {
		t.Fatalf("Dial() error:\n%+v", err)
	}
	t.Cleanup(func() { first.Leave() })
	end, result, err := s.Dial(t.Context(), "a", to, DialOptions{Timeout: 300 * time.Millisecond})
	if err != nil || result.Outcome != TimedOut || end != nil {
		t.Errorf("Dial() of a second one = %+v, %v", result, err)
	}
	// Somebody else is asked for; the first one keeps waiting.
	if _, err := listener.Accept(t.Context(), at("10.1.1.4:1"), 100*time.Millisecond); reason(err) != "timeout" {
		t.Errorf("Accept() of nobody: %v", err)
	}
	if _, err := listener.Accept(t.Context(), first.Local, time.Second); err != nil {
		t.Errorf("Accept() error:\n%+v", err)
	}
}
