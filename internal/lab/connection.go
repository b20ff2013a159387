package lab

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// End is one end of a TCP connection that stays open: a socket in a node, in
// the caller's hands. It must be closed, in one of four ways: [End.Finish] and
// then [End.Leave], [End.Reset] or [End.Leave] alone.
//
// [Lab.Connect] is for connections that only have to be made.
type End struct {
	conn          *net.TCPConn
	Local, Remote netip.AddrPort
}

// DialOptions say how a connection that stays open is made.
type DialOptions struct {
	// Timeout is for the handshake; 5 seconds where zero.
	Timeout time.Duration
	// LocalPort is chosen by the kernel where zero. A given one can be used
	// again at once.
	LocalPort uint16
	// KeepAlive, in whole seconds, makes the kernel probe a silent connection
	// (RFC 9293, section 3.8.4); it does not where zero.
	KeepAlive time.Duration
	// FastOpen are bytes to send within the SYN (RFC 7413). They are where the
	// client has the server's cookie from an earlier connection; the first one
	// asks for it.
	FastOpen int
}

// Dial makes a TCP connection from a node and leaves it open. The end is nil
// where the outcome is not [Established].
func (l *Lab) Dial(ctx context.Context, from string, to netip.AddrPort, o DialOptions) (*End, Connection, error) {
	n, err := l.end(from)
	if err != nil {
		return nil, Connection{}, err
	}
	result := Connection{Local: netip.AddrPortFrom(n.Address, o.LocalPort), Remote: to}
	start := time.Now()
	conn, err := dialOpen(ctx, n, o, &result)
	result.Handshake = time.Since(start)
	result.Duration = result.Handshake
	if err == nil {
		result.Outcome = Established
		return &End{conn, result.Local, to}, result, nil
	}
	if ctx.Err() != nil {
		return nil, result, context.Cause(ctx)
	}
	if outcome, ok := outcomeOf(err); ok {
		result.Outcome, err = outcome, nil
	}
	return nil, result, err
}

func dialOpen(ctx context.Context, n Node, o DialOptions, result *Connection) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: cmp.Or(o.Timeout, defaultTimeout), KeepAlive: -1, Control: func(_, _ string, raw syscall.RawConn) error {
		return errors.Join(bind(raw, &result.Local), fastOpen(raw, o.FastOpen > 0))
	}}
	var conn net.Conn
	err := inNamespace(n.Namespace, func() (err error) {
		conn, err = d.DialContext(ctx, "tcp4", result.Remote.String())
		return err
	})
	if err != nil {
		return nil, err
	}
	tcp := conn.(*net.TCPConn)
	if o.FastOpen > 0 {
		_, err = io.CopyN(tcp, zeros{}, int64(o.FastOpen))
	}
	return tcp, errors.Join(err, keepAlive(tcp, o.KeepAlive))
}

// fastOpen makes connect(2) wait for the first bytes where the client has a
// cookie; see TCP_FASTOPEN_CONNECT in tcp(7).
func fastOpen(raw syscall.RawConn, wanted bool) (err error) {
	if !wanted {
		return nil
	}
	control := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_FASTOPEN_CONNECT, 1)
	})
	return errors.Join(control, err)
}

func keepAlive(c *net.TCPConn, every time.Duration) error {
	if every == 0 {
		return nil
	}
	return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: every, Interval: every, Count: 9})
}

// Send sends bytes; it does not wait for the other side.
func (e *End) Send(ctx context.Context, bytes int, within time.Duration) error {
	if err := e.conn.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = e.conn.SetWriteDeadline(time.Unix(1, 0)) })()
	_, err := io.CopyN(e.conn, zeros{}, int64(bytes))
	return err
}

// Receive waits for bytes and throws them away.
func (e *End) Receive(ctx context.Context, bytes int, within time.Duration) error {
	if err := e.conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = e.conn.SetReadDeadline(time.Unix(1, 0)) })()
	_, err := io.CopyN(io.Discard, e.conn, int64(bytes))
	return err
}
