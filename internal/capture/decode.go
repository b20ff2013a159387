package capture

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"unsafe"

	"github.com/sekisho/sekisho/internal/flow"
)

// The sizes of struct event and struct event6 in the rings.
const (
	eventSize  = int(unsafe.Sizeof(RecordEvent{}))
	event6Size = int(unsafe.Sizeof(RecordEvent6{}))
)

// record is an event of either family.
type record struct {
	v6 bool
	RecordEvent6
}

// read3 reads one record of a ring. The rings are written by our program only; a
// record of another size means that the pinned maps are of another layout.
func read3(raw []byte, into *record) error {
	switch len(raw) {
	case event6Size:
		into.RecordEvent6 = *(*RecordEvent6)(unsafe.Pointer(unsafe.SliceData(raw)))
		into.v6 = true
	case eventSize:
		into.E = *(*RecordEvent)(unsafe.Pointer(unsafe.SliceData(raw)))
		into.v6 = false
	default:
		return fmt.Errorf("ring record has %d bytes, want %d or %d", len(raw), eventSize, event6Size)
	}
	return nil
}

// packet sets the tuple on the packet.
func (r *record) packet(into *flow.Tuple) {
	into.Protocol = flow.Protocol(r.E.Protocol)
	source, dest := address4(r.E.Saddr), address4(r.E.Daddr)
	if r.v6 {
		source, dest = address6(r.Saddr), address6(r.Daddr)
	}
	into.Source = netip.AddrPortFrom(source, port(r.E.Sport))
	into.Dest = netip.AddrPortFrom(dest, port(r.E.Dport))
}

// connection sets conntrack's original tuple; the zero Tuple without one.
// conntrack keeps an ICMP echo's id and type in place of ports: left out.
func (r *record) connection(into *flow.Tuple) {
	if r.E.Direction == uint8(flow.DirectionUnknown) {
		*into = flow.Tuple{}
		return
	}
	into.Protocol = flow.Protocol(r.E.OrigProtocol)
	source, dest := address4(r.E.OrigSaddr), address4(r.E.OrigDaddr)
	if r.v6 {
		source, dest = address6(r.OrigSaddr), address6(r.OrigDaddr)
	}
	sport, dport := r.E.OrigSport, r.E.OrigDport
	if into.Protocol.IsICMP() {
		sport, dport = 0, 0
	}
	into.Source = netip.AddrPortFrom(source, port(sport))
	into.Dest = netip.AddrPortFrom(dest, port(dport))
}

// window is that of a TCP packet; of ICMP there are type and code in its place.
func (r *record) window() (window uint16, icmpType, icmpCode uint8) {
	if flow.Protocol(r.E.Protocol).IsICMP() {
		return 0, uint8(r.E.Window >> 8), uint8(r.E.Window)
	}
	return r.E.Window, 0, 0
}

// maxUnacked is more than any window can be: 65,535 at the highest scale of RFC
// 7323, section 2.3.
const maxUnacked = 1 << 30

// stream reads how far a direction has come. What conntrack cannot mean is
// taken as unknown: an acknowledgement above all that was sent, which it lets
// pass where it was told to be liberal.
func stream(s RecordStream) flow.Stream {
	if s.Unacked > maxUnacked {
		return flow.Stream{}
	}
	return flow.Stream{Known: true, Sent: s.Sent, Unacked: s.Unacked}
}

// decoder turns ring records into events.
type decoder struct {
	boot       string
	clock      *clock
	interfaces *interfaceNames
}

// event makes the event of a record, in memory that may be of an earlier one. The
// clock is locked.
func (d *decoder) event(r *record, into *flow.Event) {
	e := &r.E
	*into = flow.Event{}
	into.Number.Boot, into.Number.CPU, into.Number.Seq = d.boot, e.Cpu, e.Seq
	into.Time = d.clock.held(int64(e.TimeNs))
	r.packet(&into.Packet)
	r.connection(&into.Connection)
	into.Direction, into.Flag = flow.Direction(e.Direction), flow.Flag(e.Flag)
	into.TCPFlags, into.State = flow.TCPFlags(e.TcpFlags), flow.TCPState(e.TcpState)
	into.Seq, into.Ack, into.MSS = e.TcpSeq, e.TcpAck, e.Mss
	into.TTL, into.IPID, into.Payload = e.Ttl, e.IpId, e.Payload
	into.Window, into.ICMPType, into.ICMPCode = r.window()
	into.OriginalStream, into.ReplyStream = stream(e.Original), stream(e.Reply)
	into.InIndex, into.OutIndex = int(e.InIfindex), int(e.OutIfindex)
	into.In, into.Out = d.interfaces.name(into.InIndex), d.interfaces.name(into.OutIndex)
	into.Mark, into.Zone = e.Mark, e.Zone
}

// The bytes of an address in memory are the bytes of the address.
func address4(a uint32) netip.Addr {
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], a)
	return netip.AddrFrom4(b)
}

func address6(a [4]uint32) netip.Addr {
	var b [16]byte
	for i, word := range a {
		binary.NativeEndian.PutUint32(b[4*i:], word)
	}
	return netip.AddrFrom16(b)
}

// port is one in network byte order, as the headers have it.
func port(p uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], p)
	return binary.BigEndian.Uint16(b[:])
}
