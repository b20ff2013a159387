package lab

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Finish sends a FIN: this end sends nothing more, and still receives.
func (e *End) Finish() error { return e.conn.CloseWrite() }

// Reset throws away what is queued, sends an RST and forgets the connection.
func (e *End) Reset() error {
	return errors.Join(e.conn.SetLinger(0), e.conn.Close())
}

// Leave forgets the connection without a word, as a machine that loses its
// power does. Packets of the other side find nobody, and get an RST.
func (e *End) Leave() error {
	return errors.Join(e.repair(func(int) error { return nil }, unix.TCP_REPAIR_ON), e.conn.Close())
}

// Numbers are where a connection is, at one end (RFC 9293, section 3.3.1).
type Numbers struct {
	Next     uint32 // the sequence number of what is sent next, SND.NXT
	Expected uint32 // of what is expected next, RCV.NXT
}

// Numbers returns the real sequence numbers. They stand still while nobody
// sends.
func (e *End) Numbers() (n Numbers, err error) {
	err = e.repair(func(fd int) error {
		var err error
		if n.Next, err = queueNumber(fd, sendQueue); err != nil {
			return err
		}
		n.Expected, err = queueNumber(fd, receiveQueue)
		return err
	}, unix.TCP_REPAIR_OFF_NO_WP)
	return n, err
}

// include/uapi/linux/tcp.h
const (
	receiveQueue = 1 // TCP_RECV_QUEUE
	sendQueue    = 2 // TCP_SEND_QUEUE
)

func queueNumber(fd, queue int) (uint32, error) {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR_QUEUE, queue); err != nil {
		return 0, err
	}
	number, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_QUEUE_SEQ)
	return uint32(number), err
}

// repair does something with the socket in repair mode, in which the kernel
// tells its numbers and closes without a packet (TCP_REPAIR, made for moving
// connections between hosts: https://lwn.net/Articles/495304/), and then sets
// the mode to what is to come after. Without a window probe, nobody sees it.
func (e *End) repair(do func(fd int) error, after int) error {
	raw, err := e.conn.SyscallConn()
	if err != nil {
		return err
	}
	control := raw.Control(func(fd uintptr) {
		if err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_REPAIR, unix.TCP_REPAIR_ON); err != nil {
			return
		}
		err = errors.Join(do(int(fd)), unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_REPAIR, after))
		if err == nil {
			// Repairing has set it anew.
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		}
	})
	if err = errors.Join(control, err); err != nil {
		return fmt.Errorf("repair the socket of %s: %w", e.Local, err)
	}
	return nil
}
