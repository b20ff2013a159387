package capture

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// handshakeRules make conntrack work and keep the mark bit that the enforce
// chain keeps.
const handshakeRules = `table inet marks
delete table inet marks
table inet marks { chain forward { type filter hook forward priority 20;
	ct mark & 4 == 0 ct direction original ct state established tcp flags & (fin|syn|rst|ack) == ack ct mark set ct mark | 4
	tcp flags & (fin|syn|rst|ack) == syn|ack ct mark & 4 != 0 ct mark set ct mark & 0xfffffffb
}; }`

// sockets are a client and a server with a recorder in between.
type sockets struct {
	*testing.T
	hosts          *testnet.Hosts
	recorder       *Recorder
	listener       net.Listener
	client, server *net.TCPConn
	port           uint16 // the client's
}

func newSockets(t *testing.T) *sockets {
	t.Helper()
	testnet.NeedRoot(t)
	s := &sockets{T: t, hosts: testnet.NewHosts(t)}
	nft(t, handshakeRules)
	r, err := Open(Config{Poll: time.Millisecond, MarkHandshake: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	s.recorder = r
	s.must(s.hosts.Server.Do(func() (err error) {
		s.listener, err = net.Listen("tcp", netip.AddrPortFrom(s.hosts.Server.Address, 7000).String())
		return err
	}))
	t.Cleanup(func() { s.listener.Close() })
	return s
}

// connect opens another connection.
func (s *sockets) connect() {
	s.Helper()
	s.must(s.hosts.Client.Do(func() error {
		c, err := net.DialTimeout("tcp", s.listener.Addr().String(), 5*time.Second)
		if err == nil {
			s.client = c.(*net.TCPConn)
		}
		return err
	}))
	c, err := s.listener.Accept()
	s.must(err)
	s.server = c.(*net.TCPConn)
	s.port = s.client.LocalAddr().(*net.TCPAddr).AddrPort().Port()
}

// end resets what is left of the connection, and ends all loss.
func (s *sockets) end() {
	s.Helper()
	s.rules("")
	for _, c := range []*net.TCPConn{s.client, s.server} {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
}

// rules are put in force at both hosts, in place of those before.
func (s *sockets) rules(text string) {
	s.Helper()
	for _, h := range []*testnet.Host{s.hosts.Client, s.hosts.Server} {
		s.must(h.Do(func() error { nft(s.T, "flush ruleset\n"+text); return nil }))
	}
}

// exchange sends bytes to the server, which then answers with as many.
func (s *sockets) exchange(n int) {
	s.Helper()
	for _, way := range [][2]*net.TCPConn{{s.client, s.server}, {s.server, s.client}} {
		_, err := way[0].Write(make([]byte, n))
		s.must(err)
		_, err = io.ReadFull(way[1], make([]byte, n))
		s.must(err)
	}
}

// loss makes both hosts lose what comes to them with data.
const loss = `table inet loss { chain in { type filter hook prerouting priority -300; meta length > 200 drop; }; }`

func (s *sockets) write(c *net.TCPConn, n int) {
	s.Helper()
	_, err := c.Write(make([]byte, n))
	s.must(err)
}

// arrives waits until there are so many bytes to be read.
func (s *sockets) arrives(c *net.TCPConn, n int) {
	s.Helper()
	raw, err := c.SyscallConn()
	s.must(err)
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		var waiting int
		var ioctlErr error
		s.must(raw.Control(func(fd uintptr) { waiting, ioctlErr = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }))
		s.must(ioctlErr)
		if waiting >= n {
			return
		}
		if time.Now().After(deadline) {
			s.Fatalf("%d bytes arrived, want %d", waiting, n)
		}
	}
}

// reset closes a socket at once, with a RST.
func (s *sockets) reset(c *net.TCPConn) {
	s.Helper()
	s.must(c.SetLinger(0))
	s.must(c.Close())
}

// until reads the connection's events up to the first with a flag.
func (s *sockets) until(flag flow.Flag) (events []flow.Event) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	found := false
	s.must(s.recorder.Run(ctx, func(batch []flow.Event) {
		for _, e := range batch {
			if e.Connection.Source.Port() != s.port || found {
				continue
			}
			events = append(events, e)
			if e.Flag == flag {
				found = true
				cancel()
			}
		}
	}))
	if !found {
		s.Fatalf("no %v was recorded", flag)
	}
	return events
}

func (s *sockets) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// drain reads to the other side's end.
func (s *sockets) drain(c *net.TCPConn) {
	s.Helper()
	_, err := io.Copy(io.Discard, c)
	s.must(err)
}

// read returns the events that there are.
func read(t *testing.T, r *Recorder) (events []flow.Event) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Run(ctx, func(batch []flow.Event) { events = append(events, batch...) }); err != nil {
		t.Fatal(err)
	}
	return events
}
