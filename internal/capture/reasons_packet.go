package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/sekisho/sekisho/internal/flow"
)

// loggedPacket is what a message of NFLOG tells of a packet.
type loggedPacket struct {
	tuple    flow.Tuple
	flags    flow.TCPFlags
	seq, ack uint32
	window   uint16
	payload  uint16 // bytes after the TCP header
	ttl      uint8
	id       uint16 // of IPv4
}

// key joins it with its event.
func (p *loggedPacket) key() reasonKey { return reasonKey{packet: p.tuple, seq: p.seq, id: p.id} }

func keyOf(r *record) reasonKey {
	k := reasonKey{seq: r.E.TcpSeq, id: r.E.IpId}
	r.packet(&k.packet)
	return k
}

// readPacket reads a packet as NFLOG carries it; what is cut off reads as
// zero, as it does in the event. Of IPv6 only packets without extension
// headers are read: those with some have no text.
func readPacket(b []byte) (p loggedPacket, ok bool) {
	if len(b) == 0 {
		return p, false
	}
	header, length := int(b[0]&0xf)*4, 0
	switch {
	case b[0]>>4 == 4 && header >= 20 && len(b) >= header:
		p.tuple = tupleOf(b[12:16], b[16:20])
		p.id, p.ttl = binary.BigEndian.Uint16(b[4:]), b[8]
		length = int(binary.BigEndian.Uint16(b[2:])) - header
	case b[0]>>4 == 6 && len(b) >= 40 && flow.Protocol(b[6]) == flow.TCP:
		header = 40
		p.tuple = tupleOf(b[8:24], b[24:40])
		p.ttl, length = b[7], int(binary.BigEndian.Uint16(b[4:]))
	default:
		return p, false
	}
	p.readTCP(b[header:], length)
	return p, true
}

func tupleOf(source, dest []byte) flow.Tuple {
	from, _ := netip.AddrFromSlice(source)
	to, _ := netip.AddrFromSlice(dest)
	return flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(from, 0), Dest: netip.AddrPortFrom(to, 0)}
}

// readTCP reads as much of a TCP header as is there; length is that of the
// segment, by the IP header.
func (p *loggedPacket) readTCP(tcp []byte, length int) {
	if len(tcp) >= 4 {
		p.tuple.Source = netip.AddrPortFrom(p.tuple.Source.Addr(), binary.BigEndian.Uint16(tcp))
		p.tuple.Dest = netip.AddrPortFrom(p.tuple.Dest.Addr(), binary.BigEndian.Uint16(tcp[2:]))
	}
	if len(tcp) < 20 {
		return
	}
	p.seq, p.ack = binary.BigEndian.Uint32(tcp[4:]), binary.BigEndian.Uint32(tcp[8:])
	p.flags, p.window = flow.TCPFlags(tcp[13]), binary.BigEndian.Uint16(tcp[14:])
	p.payload = uint16(max(0, length-int(tcp[12]>>4)*4))
}
