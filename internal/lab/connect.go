package lab

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/topology"
)

// Outcome is what became of the attempt to connect.
type Outcome string

const (
	Established Outcome = "established"
	Refused     Outcome = "refused"     // an RST came back, or ICMP port unreachable
	TimedOut    Outcome = "timeout"     // nothing came back
	Unreachable Outcome = "unreachable" // another ICMP error came back, or there is no route
)

// Closing is who ends an established connection, and how.
type Closing string

const (
	ByClient Closing = "client" // the client's FIN is first
	ByServer Closing = "server" // the client waits for the server's FIN
	ByReset  Closing = "reset"  // the client sends an RST
)

// defaultTimeout leaves room for two repeated SYNs, after one and three seconds.
const defaultTimeout = 5 * time.Second

// ConnectOptions say what a client does; the zero value connects and closes.
type ConnectOptions struct {
	// Timeout is for the handshake, and once more for everything after it; 5
	// seconds where zero.
	Timeout time.Duration
	// Bytes are sent after the handshake. From an echo service they are
	// awaited before the connection is closed.
	Bytes int
	Close Closing // ByClient where empty
	// Hold keeps the connection open and silent before it is closed; it is
	// not part of the timeout.
	Hold time.Duration
	// LocalPort is chosen by the kernel where zero. A given one can be used
	// again at once, which no ordinary client does.
	LocalPort uint16
}

// Connection is what a client has seen of a connection.
type Connection struct {
	Outcome Outcome `json:"outcome"`
	// Local is known whatever the outcome: it is how to find the connection in
	// a log.
	Local  netip.AddrPort `json:"local"`
	Remote netip.AddrPort `json:"remote"`
	// Handshake is how long the attempt took, Duration everything.
	Handshake time.Duration `json:"handshakeNanoseconds"`
	Duration  time.Duration `json:"durationNanoseconds"`
	Sent      int64         `json:"sent"`
	Received  int64         `json:"received"`
	// Failure is what went wrong after the handshake; empty for an orderly end.
	Failure string `json:"failure,omitempty"`
}

// Connect makes a TCP connection from a node, with a socket in its namespace,
// and closes it again. Whatever the network does is an outcome; the error is
// for a connection that could not be tried, and for an ended ctx.
func (l *Lab) Connect(ctx context.Context, from string, to netip.AddrPort, o ConnectOptions) (Connection, error) {
	n, err := l.end(from)
	if err != nil {
		return Connection{}, err
	}
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	result := Connection{Local: netip.AddrPortFrom(n.Address, o.LocalPort), Remote: to}
	start := time.Now()
	conn, err := dial(ctx, n, o, &result)
	result.Handshake = time.Since(start)
	if err == nil {
		result.Outcome = Established
		if err := converse(ctx, conn, l.echoes(to), o, &result); err != nil {
			result.Failure = reason(err)
		}
	} else if outcome, ok := outcomeOf(err); ok {
		result.Outcome, err = outcome, nil
	}
	result.Duration = time.Since(start)
	if ctx.Err() != nil {
		return result, context.Cause(ctx)
	}
	return result, err
}

func outcomeOf(err error) (Outcome, bool) {
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		return Refused, true
	case isTimeout(err):
		return TimedOut, true
	case errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.ENETUNREACH):
		return Unreachable, true
	}
	return "", false
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// reason shortens an error to what the network did: "connection reset by
// peer", "timeout".
func reason(err error) string {
	var number syscall.Errno
	switch {
	case isTimeout(err):
		return string(TimedOut)
	case errors.As(err, &number):
		return number.Error()
	}
	return err.Error()
}

// echoes tells whether bytes sent to an address come back.
func (l *Lab) echoes(to netip.AddrPort) bool {
	return slices.ContainsFunc(l.nodes, func(n Node) bool {
		return n.Address == to.Addr() && slices.ContainsFunc(n.Services, func(s Service) bool {
			return s.Port == to.Port() && s.Kind == topology.Echo
		})
	})
}
