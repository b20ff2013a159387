package drops

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"
)

// endpoint is an IPv4 address and a port.
type endpoint [6]byte

// entry is a request for a UDP connection that is not half open, so that
// conntrack keeps it.
func entry(client, server endpoint) []byte {
	const (
		create                           = 0 // IPCTNL_MSG_CT_NEW
		original, reply, status, timeout = 1, 2, 3, 7
		assured                          = 0x2 | 0x4 | 0x8 // IPS_SEEN_REPLY, IPS_ASSURED, IPS_CONFIRMED
	)
	body := bytes.Join([][]byte{
		{unix.AF_INET, unix.NFNETLINK_V0, 0, 0},
		direction(original, client, server),
		direction(reply, server, client),
		attribute(status, binary.BigEndian.AppendUint32(nil, assured)),
		attribute(timeout, binary.BigEndian.AppendUint32(nil, 600)),
	}, nil)
	m := binary.NativeEndian.AppendUint32(nil, uint32(unix.NLMSG_HDRLEN+len(body)))
	m = binary.NativeEndian.AppendUint16(m, unix.NFNL_SUBSYS_CTNETLINK<<8|create)
	m = binary.NativeEndian.AppendUint16(m, unix.NLM_F_REQUEST|unix.NLM_F_CREATE)
	m = append(m, make([]byte, 8)...) // sequence number and port
	return append(m, body...)
}

// direction is a CTA_TUPLE of UDP.
func direction(kind uint16, from, to endpoint) []byte {
	return attribute(kind|unix.NLA_F_NESTED,
		attribute(1|unix.NLA_F_NESTED, attribute(1, from[:4]), attribute(2, to[:4])),
		attribute(2|unix.NLA_F_NESTED, attribute(1, []byte{unix.IPPROTO_UDP}), attribute(2, from[4:]), attribute(3, to[4:])))
}

func attribute(kind uint16, parts ...[]byte) []byte {
	size := 4
	for _, p := range parts {
		size += len(p)
	}
	a := binary.NativeEndian.AppendUint16(make([]byte, 0, size+3), uint16(size))
	a = binary.NativeEndian.AppendUint16(a, kind)
	for _, p := range parts {
		a = append(a, p...)
	}
	for len(a)%4 != 0 {
		a = append(a, 0)
	}
	return a
}

// insert hands the requests to the kernel, which answers none of them.
func insert(t *testing.T, requests ...[]byte) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_NETFILTER)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, bytes.Join(requests, nil), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
}
