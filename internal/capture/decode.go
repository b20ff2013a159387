package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"unsafe"

	"github.com/sekisho/sekisho/internal/flow"
)

// eventSize is the size of struct event in the ring.
const eventSize = int(unsafe.Sizeof(RecordEvent{}))

// parse reads one record of a ring. The rings are written by our program only;
// a record of another size means that the pinned maps are of another layout.
func parse(raw []byte) (RecordEvent, error) {
	if len(raw) < eventSize {
		return RecordEvent{}, fmt.Errorf("ring record has %d bytes, want %d", len(raw), eventSize)
	}
	return *(*RecordEvent)(unsafe.Pointer(unsafe.SliceData(raw))), nil
}

// decoder turns ring records into events.
type decoder struct {
	boot       string
	clock      *clock
	interfaces *interfaceNames
}

func (d *decoder) event(r *RecordEvent) flow.Event {
	return flow.Event{
		Number:     flow.Number{Boot: d.boot, CPU: r.Cpu, Seq: r.Seq},
		Time:       d.clock.at(int64(r.TimeNs)),
		Packet:     tuple(r.Protocol, r.Saddr, r.Daddr, r.Sport, r.Dport),
		Connection: connection(r),
		Direction:  flow.Direction(r.Direction),
		Flag:       flow.Flag(r.Flag),
		TCPFlags:   flow.TCPFlags(r.TcpFlags),
		State:      flow.TCPState(r.TcpState),
		Seq:        r.TcpSeq,
		Ack:        r.TcpAck,
		Window:     r.Window,
		MSS:        r.Mss,
		TTL:        r.Ttl,
		IPID:       r.IpId,
		Payload:    r.Payload,
		InIndex:    int(r.InIfindex),
		OutIndex:   int(r.OutIfindex),
		In:         d.interfaces.name(int(r.InIfindex)),
		Out:        d.interfaces.name(int(r.OutIfindex)),
		Mark:       r.Mark,
	}
}

// connection is conntrack's original tuple; the zero Tuple without one.
func connection(r *RecordEvent) flow.Tuple {
	if r.Direction == uint8(flow.DirectionUnknown) {
		return flow.Tuple{}
	}
	return tuple(r.Protocol, r.OrigSaddr, r.OrigDaddr, r.OrigSport, r.OrigDport)
}

// tuple takes addresses and ports in network byte order, as the headers have
// them: the bytes in memory are the bytes of the address.
func tuple(protocol uint8, saddr, daddr uint32, sport, dport uint16) flow.Tuple {
	return flow.Tuple{
		Protocol: flow.Protocol(protocol),
		Source:   netip.AddrPortFrom(address(saddr), port(sport)),
		Dest:     netip.AddrPortFrom(address(daddr), port(dport)),
	}
}

func address(a uint32) netip.Addr {
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], a)
	return netip.AddrFrom4(b)
}

func port(p uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], p)
	return binary.BigEndian.Uint16(b[:])
}
