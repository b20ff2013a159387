package lab

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// dial connects from the node's own address; result gets the local port. To
// bind to that address is also what makes sure of the namespace: in no other
// one is it there.
func dial(ctx context.Context, n Node, o ConnectOptions, result *Connection) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: o.Timeout, KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) error {
		return bind(raw, &result.Local)
	}}
	var conn net.Conn
	err := inNamespace(n.Namespace, func() (err error) {
		conn, err = d.DialContext(ctx, "tcp4", result.Remote.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// bind gives a socket its local address before it connects, and reads the port
// that the kernel has chosen: after a failure it could not be asked any more.
func bind(raw syscall.RawConn, local *netip.AddrPort) error {
	var err error
	control := raw.Control(func(fd uintptr) {
		if local.Port() != 0 {
			if err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
				return
			}
		}
		if err = unix.Bind(int(fd), &unix.SockaddrInet4{Addr: local.Addr().As4(), Port: int(local.Port())}); err != nil {
			return
		}
		var bound unix.Sockaddr
		if bound, err = unix.Getsockname(int(fd)); err != nil {
			return
		}
		if b, ok := bound.(*unix.SockaddrInet4); ok {
			*local = netip.AddrPortFrom(local.Addr(), uint16(b.Port))
		}
	})
	return errors.Join(control, err)
}
