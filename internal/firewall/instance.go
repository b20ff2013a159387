package firewall

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// place is an abstract socket, of which there is one in each network namespace
// (unix(7)), and none any more when its process ends, however it ends: two
// firewalls in one namespace would take each other's rules away.
const place = "@sekisho-firewall"

// instance is this process's claim on its network namespace.
type instance struct{ listener *net.UnixListener }

// claim takes the namespace, or says who has it.
func claim() (*instance, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: place, Net: "unix"})
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, fmt.Errorf("another firewall, process %s, works in this network namespace: there is one for each; stop it first", owner())
	}
	if err != nil {
		return nil, fmt.Errorf("claim the network namespace: %w", err)
	}
	return &instance{l}, nil
}

// owner is the process that has the namespace.
func owner() string {
	c, err := net.Dial("unix", place)
	if err != nil {
		return "unknown"
	}
	defer c.Close()
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return "unknown"
	}
	pid := "unknown"
	_ = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = fmt.Sprint(cred.Pid)
		}
	})
	return pid
}

func (i *instance) release() error { return i.listener.Close() }
