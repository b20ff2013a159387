package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// ListenConfig says where a server listens.
type ListenConfig struct {
	// Address is HOST:PORT, or unix:PATH.
	Address string
	// Certificate and Key are PEM files; anywhere but loopback needs them.
	Certificate, Key string
	// AnonymousLoopback is refused anywhere but on loopback.
	AnonymousLoopback bool
	// Mode is a Unix socket's permissions; who may open it may ask.
	Mode os.FileMode
}

// Listen opens the address. It refuses to send tokens and rows over a network
// in clear, and to serve strangers.
func Listen(cfg ListenConfig) (net.Listener, error) {
	if path, ok := strings.CutPrefix(cfg.Address, "unix:"); ok {
		return listenUnix(path, cfg.Mode)
	}
	addr, pairs, err := cfg.resolve()
	if err != nil {
		return nil, err
	}
	l, err := net.ListenTCP("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", cfg.Address, err)
	}
	if pairs == nil {
		return l, nil
	}
	return tls.NewListener(l, &tls.Config{Certificates: pairs, MinVersion: tls.VersionTLS12}), nil
}

// Check says why [Listen] would refuse an address of TCP, without opening it.
func (cfg ListenConfig) Check() error {
	_, _, err := cfg.resolve()
	return err
}

// resolve gives the address and the certificate, none where it needs none.
func (cfg ListenConfig) resolve() (*net.TCPAddr, []tls.Certificate, error) {
	addr, err := net.ResolveTCPAddr("tcp", cfg.Address)
	if err != nil {
		return nil, nil, fmt.Errorf("listen on %s: %w", cfg.Address, err)
	}
	secure := cfg.Certificate != "" || cfg.Key != ""
	switch loopback := addr.IP.IsLoopback(); {
	case cfg.AnonymousLoopback && !loopback:
		return nil, nil, fmt.Errorf("listen on %s: without tokens only loopback may be served; listen on 127.0.0.1, or leave out anonymousLoopback", cfg.Address)
	case !secure && !loopback:
		return nil, nil, fmt.Errorf("listen on %s: anywhere but loopback needs TLS, or tokens and rows would cross the network in clear; "+
			"give a certificate and its key, or listen on 127.0.0.1", cfg.Address)
	case !secure:
		return addr, nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cfg.Certificate, cfg.Key)
	if err != nil {
		return nil, nil, fmt.Errorf("read certificate %s and key %s: %w", cfg.Certificate, cfg.Key, err)
	}
	return addr, []tls.Certificate{pair}, nil
}

// listenUnix replaces a socket that nobody answers on any more.
func listenUnix(path string, mode os.FileMode) (net.Listener, error) {
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("listen on unix:%s: another process answers there", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() != os.ModeSocket {
		return nil, fmt.Errorf("listen on unix:%s: there is a file that is no socket", path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove stale socket: %w", err)
	}
	// bind(2) gives the file the mode that the socket has by then, less the
	// process's mask, so at no moment may more people open it than Mode says.
	permit := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) { err = syscall.Fchmod(int(fd), uint32(mode.Perm())) }), err)
	}}
	l, err := permit.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on unix:%s: %w", path, err)
	}
	if err := os.Chmod(path, mode.Perm()); err != nil {
		return nil, errors.Join(fmt.Errorf("set permissions of socket: %w", err), l.Close())
	}
	return l, nil
}

// Serve answers on a listener until the context ends; requests that are running
// then have grace to end. There is no ReadTimeout: net/http would end a query
// that runs longer; readBody bounds the time of what has to be read.
func Serve(ctx context.Context, l net.Listener, h http.Handler, grace time.Duration) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	stop := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	})
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	return nil
}
