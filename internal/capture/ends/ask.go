package ends

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// getMessage is IPCTNL_MSG_CT_GET (linux/netfilter/nfnetlink_conntrack.h).
const getMessage = unix.NFNL_SUBSYS_CTNETLINK<<8 | 1

// Asker asks conntrack for connections. It is safe for concurrent use.
//
// Not by a library's connection: the kernel says of the one message with an entry
// that more follow, and a library waits for them.
type Asker struct {
	mu       sync.Mutex
	fd       int
	sequence uint32
	buffer   []byte
}

// answerTime is how long an answer is waited for, which the kernel has ready when
// the question is sent.
const answerTime = time.Second

// NewAsker asks in the calling thread's network namespace.
func NewAsker() (*Asker, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	wait := unix.NsecToTimeval(answerTime.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &wait); err != nil {
		return nil, errors.Join(fmt.Errorf("limit the wait for conntrack's answer: %w", err), unix.Close(fd))
	}
	return &Asker{fd: fd, buffer: make([]byte, messageBytes)}, nil
}

// Close ends the asking.
func (a *Asker) Close() error { return unix.Close(a.fd) }

// Known reports whether conntrack has an entry for a connection, of which the
// original tuple is given and the zone, as in [flow.ConntrackEnd].
func (a *Asker) Known(tuple flow.Tuple, zone uint16) (known bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, err = a.has(tuple, zone)
	if !known && err == nil && zone != 0 {
		known, err = a.has(tuple, 0) // the zone may be that of the replies alone
	}
	if err != nil {
		err = fmt.Errorf("ask conntrack for a connection: %w", err)
	}
	return known, err
}

func (a *Asker) has(tuple flow.Tuple, zone uint16) (bool, error) {
	content, err := question(tuple, zone)
	if err != nil {
		return false, err
	}
	a.sequence++
	header := netlink.Header{Length: uint32(unix.SizeofNlMsghdr + len(content)), Type: getMessage, Flags: netlink.Request, Sequence: a.sequence}
	raw, err := (netlink.Message{Header: header, Data: content}).MarshalBinary()
	if err != nil {
		return false, err
	}
	if err := unix.Sendto(a.fd, raw, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return false, err
	}
	return a.answer()
}

// answer reads the answer to the last question: the entry, or an error.
func (a *Asker) answer() (bool, error) {
	for {
		n, _, err := unix.Recvfrom(a.fd, a.buffer, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return false, err
		}
		if n < unix.SizeofNlMsghdr {
			return false, fmt.Errorf("an answer of %d bytes", n)
		}
		kind, sequence := binary.NativeEndian.Uint16(a.buffer[4:]), binary.NativeEndian.Uint32(a.buffer[8:])
		switch {
		case sequence != a.sequence: // it comes too late
		case kind != unix.NLMSG_ERROR:
			return true, nil
		case n < unix.SizeofNlMsghdr+4:
			return false, errors.New("an error without a number")
		default:
			number := unix.Errno(-int32(binary.NativeEndian.Uint32(a.buffer[unix.SizeofNlMsghdr:])))
			if number == unix.ENOENT {
				return false, nil
			}
			return false, number
		}
	}
}

// question is the message that asks for a connection.
func question(tuple flow.Tuple, zone uint16) ([]byte, error) {
	family, source, dest := uint8(unix.AF_INET), uint16(ctaIPv4Src), uint16(ctaIPv4Dst)
	if tuple.Source.Addr().Is6() {
		family, source, dest = unix.AF_INET6, ctaIPv6Src, ctaIPv6Dst
	}
	e := netlink.NewAttributeEncoder()
	e.ByteOrder = binary.BigEndian
	e.Nested(ctaTupleOrig, func(e *netlink.AttributeEncoder) error {
		e.Nested(ctaTupleIP, func(e *netlink.AttributeEncoder) error {
			e.Bytes(source, tuple.Source.Addr().AsSlice())
			e.Bytes(dest, tuple.Dest.Addr().AsSlice())
			return nil
		})
		e.Nested(ctaTupleProto, func(e *netlink.AttributeEncoder) error {
			e.Uint8(ctaProtoNum, uint8(tuple.Protocol))
			e.Uint16(ctaSrcPort, tuple.Source.Port())
			e.Uint16(ctaDstPort, tuple.Dest.Port())
			return nil
		})
		return nil
	})
	if zone != 0 {
		e.Uint16(ctaZone, zone)
	}
	attributes, err := e.Encode()
	return append([]byte{family, unix.NFNETLINK_V0, 0, 0}, attributes...), err
}
