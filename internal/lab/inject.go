package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"
)

// Segment is a TCP segment made by hand: what no socket would send.
type Segment struct {
	Source, Dest netip.AddrPort
	Flags        TCPFlags
	Seq, Ack     uint32
	Bytes        int   // of payload
	TTL          uint8 // 64 where zero
	// BadChecksum spoils the TCP checksum.
	BadChecksum bool
	// Cut is how many bytes are left of the TCP header's 20, and all that
	// follows it is cut off; 0 leaves the segment whole.
	Cut int
}

// Inject sends a segment from a node, whoever's addresses it bears. It goes
// where the node's routes lead, and past the node's own connections.
//
// With a count above 1 there are so many of them, and each has another source
// port: they go up from the segment's own, and when there are no more, the
// destination port goes up by one.
func (l *Lab) Inject(ctx context.Context, node string, s Segment, count int) error {
	n, err := l.Node(node)
	if err != nil {
		return err
	}
	var fd int
	err = inNamespace(n.Namespace, func() (err error) {
		// IPPROTO_RAW: the IP header is ours; see raw(7).
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		return os.NewSyscallError("open a raw socket", err)
	})
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	buffer := gopacket.NewSerializeBuffer()
	for i := range count {
		if err := errors.Join(context.Cause(ctx), send(fd, buffer, s.another(i))); err != nil {
			return fmt.Errorf("inject a segment into %s: %w", node, err)
		}
	}
	return nil
}

// another is the segment with the ports of its i-th copy.
func (s Segment) another(i int) Segment {
	first := int(s.Source.Port())
	room := 65536 - first
	s.Source = netip.AddrPortFrom(s.Source.Addr(), uint16(first+i%room))
	s.Dest = netip.AddrPortFrom(s.Dest.Addr(), s.Dest.Port()+uint16(i/room))
	return s
}

func send(fd int, buffer gopacket.SerializeBuffer, s Segment) error {
	packet, err := s.packet(buffer)
	if err != nil {
		return err
	}
	err = unix.Sendto(fd, packet, 0, &unix.SockaddrInet4{Addr: s.Dest.Addr().As4()})
	return os.NewSyscallError("send", err)
}

// packet makes the IP packet. Its total length and its header's checksum are
// filled in by the kernel.
func (s Segment) packet(buffer gopacket.SerializeBuffer) ([]byte, error) {
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP,
		SrcIP: s.Source.Addr().AsSlice(), DstIP: s.Dest.Addr().AsSlice()}
	if s.TTL != 0 {
		ip.TTL = s.TTL
	}
	tcp := &layers.TCP{SrcPort: layers.TCPPort(s.Source.Port()), DstPort: layers.TCPPort(s.Dest.Port()),
		Seq: s.Seq, Ack: s.Ack, Window: 64000}
	s.Flags.set(tcp)
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		return nil, err
	}
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	err := gopacket.SerializeLayers(buffer, options, ip, tcp, gopacket.Payload(make([]byte, s.Bytes)))
	packet := buffer.Bytes()
	if s.BadChecksum && err == nil {
		packet[ipHeader+16] ^= 0xff
	}
	if s.Cut > 0 && err == nil {
		packet = packet[:ipHeader+s.Cut]
	}
	return packet, err
}

const ipHeader = 20 // without options
