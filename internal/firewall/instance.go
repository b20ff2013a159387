package firewall

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// place is an abstract socket, of which there is one in each network namespace
// (unix(7)), and none any more when its process ends, however it ends: two
// firewalls in one namespace would take each other's rules away.
const place = "@sekisho-firewall"

// instance is this process's claim on its network namespace.
type instance struct{ listener *net.UnixListener }

// guardTime is how long a guard may take, at most.
const guardTime = clearTime + 10*time.Second

// claim takes the namespace, or says who has it. Where that process is no more, its
// guard has it for a moment.
func claim() (*instance, error) {
	for end := time.Now().Add(guardTime); ; time.Sleep(20 * time.Millisecond) {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: place, Net: "unix"})
		if err == nil {
			return &instance{l}, nil
		}
		if !errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("claim the network namespace: %w", err)
		}
		pid, err := owner()
		switch {
		case errors.Is(err, unix.ECONNREFUSED): // it has just ended
		case err != nil:
			return nil, fmt.Errorf("another firewall works in this network namespace: there is one for each; stop it first (its process is unknown: %w)", err)
		case !errors.Is(unix.Kill(pid, 0), unix.ESRCH):
			return nil, fmt.Errorf("another firewall, process %d, works in this network namespace: there is one for each; stop it first", pid)
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("process %d, which worked in this network namespace, has left a guard that does not end", pid)
		}
	}
}

// owner is the process that has taken the namespace.
func owner() (pid int, err error) {
	c, err := net.Dial("unix", place)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	err = errors.Join(raw.Control(func(fd uintptr) {
		var cred *unix.Ucred
		if cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(cred.Pid)
		}
	}), err)
	if err == nil && pid == 0 {
		err = errors.New("it is not to be seen from here")
	}
	return pid, err
}

func (i *instance) release() error { return i.listener.Close() }
