package lab

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Listener is a server's socket whose connections are in the caller's hands.
type Listener struct {
	listener *net.TCPListener

	mu      sync.Mutex
	waiting map[netip.AddrPort]*net.TCPConn // accepted, not yet asked for
}

// Listen opens a server's socket in a node, beside the lab's own services.
//
// A deaf one is a program that hangs: the kernel makes connections, and nobody
// takes them. Its queue has room for one, which is what listen(2) calls a
// backlog of 0.
func (l *Lab) Listen(node string, port uint16, deaf bool) (*Listener, error) {
	n, err := l.end(node)
	if err != nil {
		return nil, err
	}
	var listener net.Listener
	err = inNamespace(n.Namespace, func() (err error) {
		listener, err = listenTCP(netip.AddrPortFrom(n.Address, port))
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &Listener{listener: listener.(*net.TCPListener), waiting: map[netip.AddrPort]*net.TCPConn{}}
	if deaf {
		if err := s.shrink(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// shrink listens once more, with the smallest queue; Go offers none.
func (s *Listener) shrink() error {
	raw, err := s.listener.SyscallConn()
	if err != nil {
		return err
	}
	control := raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), 0) })
	return errors.Join(control, err)
}

// Accept returns the server's end of a client's connection. Those of other
// clients wait for who asks for them.
func (s *Listener) Accept(ctx context.Context, client netip.AddrPort, within time.Duration) (*End, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.listener.SetDeadline(time.Now().Add(within)); err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = s.listener.SetDeadline(time.Unix(1, 0)) })()
	for {
		if c, ok := s.waiting[client]; ok {
			delete(s.waiting, client)
			return &End{c, c.LocalAddr().(*net.TCPAddr).AddrPort(), client}, nil
		}
		c, err := s.listener.AcceptTCP()
		if err != nil {
			return nil, err
		}
		s.waiting[c.RemoteAddr().(*net.TCPAddr).AddrPort()] = c
	}
}

// Close ends listening. Connections that nobody has asked for are reset.
func (s *Listener) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.waiting {
		err = errors.Join(err, c.SetLinger(0), c.Close())
	}
	return err
}
