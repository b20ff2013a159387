// Package ends tells what conntrack says when it forgets a connection: its
// packets and bytes each way, the TCP state that it was in, and whether it
// expired or was deleted before its time.
//
//	conntrack ─▶ netlink group "destroy" ─▶ socket's buffer ─▶ every 100 ms, all of it ─▶ deliver
//
// The kernel sends a message for each connection. Nobody is woken for it: a
// process that is woken for each message costs a firewall a good part of its
// new connections a second, so the buffer is large and read by a timer. What
// found no room in it is lost, and the kernel says that something was, not how
// much: [Stats].
//
// Only TCP comes through: a filter in the kernel drops the rest before it costs
// room; and with [Config.OpenOnly] also connections that were closed, most of all.
// Packets and bytes are there where the kernel counts them, which it does
// for connections that begin while net.netfilter.nf_conntrack_acct is 1.
//
// Everything happens in the network namespace of the thread that calls Open.
package ends

import (
	"cmp"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Config says how much waits, and for how long.
type Config struct {
	// BufferBytes is the size of the socket's buffer; DefaultBuffer for 0. A
	// message takes about 1 kB of it.
	BufferBytes int
	// Poll is how often it is read; DefaultPoll for 0.
	Poll time.Duration
	// Overruns is where overruns are counted, as in memory that outlives the
	// process; its own memory where absent.
	Overruns *atomic.Uint64
	// OpenOnly leaves out connections that were closed by both sides or reset.
	// Who has seen that learns no more by their end than packets and bytes.
	OpenOnly bool
}

const (
	// DefaultBuffer holds the ends of about 20,000 connections: two seconds at
	// 10,000 a second.
	DefaultBuffer = 16 << 20
	// DefaultPoll is short beside what an end waits for: seconds, mostly
	// minutes after the connection's last packet.
	DefaultPoll = 100 * time.Millisecond

	// groupDestroy is NFNLGRP_CONNTRACK_DESTROY (linux/netfilter/nfnetlink.h).
	groupDestroy = 3
	// messageBytes is more than a message has; one that has more is cut off.
	messageBytes = 4096
)

// Watcher hears conntrack's ends.
type Watcher struct {
	fd   int
	poll time.Duration

	heard, unread atomic.Uint64
	overruns      *atomic.Uint64
}

// Stats are counts since Open.
type Stats struct {
	// Heard is ends that were read.
	Heard uint64
	// Overruns is how often the buffer was full: at least one end was lost each
	// time. It goes on from what [Config.Overruns] had.
	Overruns uint64
	// Unread is messages that could not be understood.
	Unread uint64
}

// Open begins to listen in the calling thread's network namespace. What comes
// until Run waits in the buffer.
func Open(config Config) (*Watcher, error) {
	if config.BufferBytes == 0 {
		config.BufferBytes = DefaultBuffer
	}
	if config.Poll == 0 {
		config.Poll = DefaultPoll
	}
	// Not by a library's connection: that would wait for the socket with
	// epoll, which wakes the process for each message.
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	w := &Watcher{fd: fd, poll: config.Poll, overruns: cmp.Or(config.Overruns, &atomic.Uint64{})}
	if err := w.listen(config); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *Watcher) listen(config Config) error {
	if err := unix.SetsockoptInt(w.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, config.BufferBytes); err != nil {
		return fmt.Errorf("set the buffer of conntrack's ends to %d bytes: %w", config.BufferBytes, err)
	}
	if err := w.OpenOnly(config.OpenOnly); err != nil {
		return err
	}
	if err := unix.Bind(w.fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1 << (groupDestroy - 1)}); err != nil {
		return fmt.Errorf("listen to conntrack's ends: %w", err)
	}
	return nil
}

// OpenOnly changes what [Config.OpenOnly] says, from now on.
func (w *Watcher) OpenOnly(yes bool) error {
	if err := filterSocket(w.fd, yes); err != nil {
		return fmt.Errorf("filter conntrack's ends: %w", err)
	}
	return nil
}

// Stats returns the counts.
func (w *Watcher) Stats() Stats {
	return Stats{Heard: w.heard.Load(), Overruns: w.overruns.Load(), Unread: w.unread.Load()}
}

// Close ends the listening, after Run.
func (w *Watcher) Close() error { return unix.Close(w.fd) }
