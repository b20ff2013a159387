package ends

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// linux/netfilter/nfnetlink_conntrack.h: the attributes that are read.
const (
	deleteMessage = unix.NFNL_SUBSYS_CTNETLINK<<8 | 2 // IPCTNL_MSG_CT_DELETE
	headerSize    = 4                                 // struct nfgenmsg: family, version, resource

	ctaTupleOrig     = 1
	ctaTupleReply    = 2
	ctaProtoinfo     = 4
	ctaTimeout       = 7
	ctaMark          = 8
	ctaCountersOrig  = 9
	ctaCountersReply = 10
	ctaZone          = 18

	ctaTupleIP    = 1
	ctaTupleProto = 2
	ctaTupleZone  = 3 // where one direction alone has a zone
	ctaIPv4Src    = 1
	ctaIPv4Dst    = 2
	ctaIPv6Src    = 3
	ctaIPv6Dst    = 4
	ctaProtoNum   = 1
	ctaSrcPort    = 2
	ctaDstPort    = 3

	ctaProtoinfoTCP = 1
	ctaTCPState     = 1

	ctaPackets = 1
	ctaBytes   = 2

	typeMask = 1<<14 - 1 // NLA_TYPE_MASK: without the flags "nested" and "network byte order"
)

// eachEnd reads the messages of one datagram.
func eachEnd(datagram []byte, tell func(flow.ConntrackEnd)) error {
	for len(datagram) > 0 {
		if len(datagram) < unix.SizeofNlMsghdr {
			return errors.New("a message without header")
		}
		length := int(binary.NativeEndian.Uint32(datagram))
		if length < unix.SizeofNlMsghdr || length > len(datagram) {
			return fmt.Errorf("a message of %d bytes in a datagram of %d", length, len(datagram))
		}
		if binary.NativeEndian.Uint16(datagram[4:]) == deleteMessage && length >= unix.SizeofNlMsghdr+headerSize {
			e, ok := decode(datagram[unix.SizeofNlMsghdr+headerSize : length])
			if !ok {
				return errors.New("a message whose attributes are cut off")
			}
			tell(e)
		}
		datagram = datagram[min(len(datagram), (length+3)&^3):]
	}
	return nil
}

// attributes walks over netlink attributes (struct nlattr: length, type, value,
// aligned to 4 bytes). It reports false if they are cut off. A library's decoder
// takes ten times as long, and there is a message for every connection.
func attributes(b []byte, take func(kind uint16, value []byte)) bool {
	for len(b) >= unix.SizeofNlAttr {
		length := int(binary.NativeEndian.Uint16(b))
		if length < unix.SizeofNlAttr || length > len(b) {
			return false
		}
		take(binary.NativeEndian.Uint16(b[2:])&typeMask, b[unix.SizeofNlAttr:length])
		b = b[min(len(b), (length+3)&^3):]
	}
	return len(b) == 0
}

// decode reads the attributes of a deleted entry; ok is false if they are cut
// off. What is missing stays zero.
func decode(b []byte) (e flow.ConntrackEnd, ok bool) {
	var reply flow.Tuple
	ok = attributes(b, func(kind uint16, value []byte) {
		switch kind {
		case ctaTupleOrig:
			e.Connection = tuple(value, &e.Zone)
		case ctaTupleReply:
			reply = tuple(value, &e.Zone)
		case ctaZone:
			e.Zone = uint16(number(value))
		case ctaProtoinfo:
			e.State = state(value)
		case ctaTimeout:
			e.Left = time.Duration(number(value)) * time.Second
		case ctaMark:
			e.Mark = uint32(number(value))
		case ctaCountersOrig:
			count(&e, flow.FromClient, value)
		case ctaCountersReply:
			count(&e, flow.FromServer, value)
		}
	})
	if translated := reply.Reverse(); reply.IsValid() && translated != e.Connection {
		e.Translated = translated
	}
	return e, ok && e.Connection.IsValid()
}

// number is a value of 1, 2, 4 or 8 bytes in network byte order.
func number(value []byte) uint64 {
	switch len(value) {
	case 1:
		return uint64(value[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(value))
	case 4:
		return uint64(binary.BigEndian.Uint32(value))
	case 8:
		return binary.BigEndian.Uint64(value)
	}
	return 0
}

// tuple reads one direction's; the zone only if it has one of its own.
func tuple(b []byte, zone *uint16) (t flow.Tuple) {
	var source, dest netip.Addr
	var sport, dport uint16
	attributes(b, func(kind uint16, value []byte) {
		switch kind {
		case ctaTupleIP:
			attributes(value, func(kind uint16, value []byte) {
				switch kind {
				case ctaIPv4Src, ctaIPv6Src:
					source, _ = netip.AddrFromSlice(value)
				case ctaIPv4Dst, ctaIPv6Dst:
					dest, _ = netip.AddrFromSlice(value)
				}
			})
		case ctaTupleProto:
			attributes(value, func(kind uint16, value []byte) {
				switch kind {
				case ctaProtoNum:
					t.Protocol = flow.Protocol(number(value))
				case ctaSrcPort:
					sport = uint16(number(value))
				case ctaDstPort:
					dport = uint16(number(value))
				}
			})
		case ctaTupleZone:
			*zone = uint16(number(value))
		}
	})
	t.Source, t.Dest = netip.AddrPortFrom(source, sport), netip.AddrPortFrom(dest, dport)
	return t
}

func state(b []byte) (s flow.TCPState) {
	attributes(b, func(kind uint16, value []byte) {
		if kind != ctaProtoinfoTCP {
			return
		}
		attributes(value, func(kind uint16, value []byte) {
			if kind == ctaTCPState {
				s = flow.TCPState(number(value))
			}
		})
	})
	return s
}

func count(e *flow.ConntrackEnd, way flow.Way, b []byte) {
	if e.Counters == nil {
		e.Counters = &flow.Counters{}
	}
	attributes(b, func(kind uint16, value []byte) {
		switch kind {
		case ctaPackets:
			e.Counters.Packets[way] = number(value)
		case ctaBytes:
			e.Counters.Bytes[way] = number(value)
		}
	})
}
