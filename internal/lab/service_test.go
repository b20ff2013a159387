package lab

import (
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestServices(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "serve", hubAndSpokes, Options{})
	for _, c := range []struct {
		name     string
		port     uint16
		options  ConnectOptions
		received int64
		failure  string
	}{
		{"echo answers", 7, ConnectOptions{Bytes: 70_000}, 70_000, ""},
		{"echo answers before the client closes", 7, ConnectOptions{Bytes: 10, Hold: 50 * time.Millisecond}, 10, ""},
		{"echo waits for the client to close", 7, ConnectOptions{Close: ByServer, Timeout: 200 * time.Millisecond}, 0, "timeout"},
		{"closer is first to close", 81, ConnectOptions{Close: ByServer}, int64(len("b closes first\n")), ""},
		{"closer reads on", 81, ConnectOptions{Bytes: 70_000, Close: ByServer}, int64(len("b closes first\n")), ""},
		{"discard says nothing", 9, ConnectOptions{Bytes: 70_000}, 0, ""},
		{"discard does not mind a reset", 9, ConnectOptions{Bytes: 10, Close: ByReset}, 0, ""},
		{"http waits for a request", 80, ConnectOptions{}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := connect(t, s.Lab, "a", "b", c.port, Established, c.options)
			if got.Received != c.received || got.Sent != int64(c.options.Bytes) || got.Failure != c.failure {
				t.Errorf("Connect() = %+v, want %d bytes and failure %q", got, c.received, c.failure)
			}
			if got.Local.Addr().String() != "10.1.1.4" || got.Local.Port() == 0 || got.Duration < got.Handshake {
				t.Errorf("Connect() = %+v, want a local port and times", got)
			}
		})
	}
}

func TestHTTPNamesTheMachine(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "http", hubAndSpokes, Options{})
	for _, to := range []string{"b", "web2"} {
		var answer []byte
		n, err := s.Node("a")
		if err != nil {
			t.Fatal(err)
		}
		var result = Connection{Local: netip.AddrPortFrom(n.Address, 0), Remote: address(t, s.Lab, to, 80)}
		c, err := dial(t.Context(), n, ConnectOptions{Timeout: defaultTimeout}, &result)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = io.WriteString(c, "GET / HTTP/1.0\r\n\r\n"); err == nil {
			answer, err = io.ReadAll(c)
		}
		c.Close()
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.0 200 OK") || !strings.HasSuffix(string(answer), "\n"+to+"\n") {
			t.Errorf("%s answers %q, %v", to, answer, err)
		}
	}
}

func TestConnectFromAChosenPort(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "port", hubAndSpokes, Options{})
	for range 2 { // the second time while the first one's port is in TIME_WAIT
		got := connect(t, s.Lab, "a", "b", 7, Established, ConnectOptions{LocalPort: 44444})
		if got.Local.Port() != 44444 {
			t.Errorf("Connect() = %+v, want local port 44444", got)
		}
	}
	got := connect(t, s.Lab, "a", "b", 8, Refused, ConnectOptions{})
	if got.Local.Port() == 0 {
		t.Errorf("Connect() = %+v, want a local port of a refused connection", got)
	}
}

func TestConnectNeedsAnAddress(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "noaddr", hubAndSpokes, Options{})
	for _, from := range []string{"fabric", "internet", "nobody"} {
		if _, err := s.Connect(t.Context(), from, address(t, s.Lab, "b", 7), ConnectOptions{}); err == nil {
			t.Errorf("Connect() from %s gave no error", from)
		}
		if _, err := s.SSH(t.Context(), "a", from, SSHOptions{}); err == nil {
			t.Errorf("SSH() to %s gave no error", from)
		}
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "icmp", hubAndSpokes, Options{})
	run(t, s.Lab, "fw", "nft", "add table ip t; add chain ip t f { type filter hook forward priority 0; }; "+
		"add rule ip t f tcp dport 7 reject with icmp host-unreachable")
	connect(t, s.Lab, "a", "b", 7, Unreachable, ConnectOptions{})
}
