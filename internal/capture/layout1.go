package capture

import (
	"fmt"
	"unsafe"
)

// layout is the version of struct event, event6 and tally in the rings and
// maps of a recorder, and so of the samples in a journal. The program that
// runs writes currentLayout; one layout before it can still be read, so that
// an upgrade loses nothing.
type layout uint16

const (
	currentLayout layout = 2
	layout1       layout = 1
)

// parse reads one sample of a ring.
func (l layout) parse(sample []byte) (record, error) {
	switch l {
	case currentLayout:
		return parse(sample)
	case layout1:
		return parse1(sample)
	}
	return record{}, fmt.Errorf("events of layout %d are not known here, only of %d and %d", l, layout1, currentLayout)
}

func (l layout) known() bool { return l == currentLayout || l == layout1 }

// event1 is struct event of layout 1: without streams.
type event1 struct {
	Seq, TimeNs                                           uint64
	Saddr, Daddr                                          uint32
	Sport, Dport                                          uint16
	OrigSaddr, OrigDaddr                                  uint32
	OrigSport, OrigDport                                  uint16
	TCPSeq, TCPAck, Mark, InIfindex, OutIfindex           uint32
	Window, MSS, IPID, Payload, CPU                       uint16
	Flag, Protocol, OrigProtocol, TTL, TCPFlags, TCPState uint8
	Direction, ICMPType, ICMPCode, Header                 uint8
}

type event61 struct {
	E                                  event1
	Saddr, Daddr, OrigSaddr, OrigDaddr [4]uint32
}

// unackedUnknown is UNACKED_UNKNOWN of bpf/event.h.
const unackedUnknown = 0xffffffff

func parse1(sample []byte) (record, error) {
	var r record
	switch len(sample) {
	case int(unsafe.Sizeof(event61{})):
		e := (*event61)(unsafe.Pointer(unsafe.SliceData(sample)))
		r.E, r.v6 = e.E.current(), true
		r.Saddr, r.Daddr, r.OrigSaddr, r.OrigDaddr = e.Saddr, e.Daddr, e.OrigSaddr, e.OrigDaddr
	case int(unsafe.Sizeof(event1{})):
		r.E = (*event1)(unsafe.Pointer(unsafe.SliceData(sample))).current()
	default:
		return r, fmt.Errorf("ring record of layout 1 has %d bytes, want %d or %d",
			len(sample), unsafe.Sizeof(event1{}), unsafe.Sizeof(event61{}))
	}
	return r, nil
}

// current is the event in the current layout.
func (e *event1) current() RecordEvent {
	unknown := RecordStream{Unacked: unackedUnknown}
	return RecordEvent{
		Seq: e.Seq, TimeNs: e.TimeNs,
		Saddr: e.Saddr, Daddr: e.Daddr, Sport: e.Sport, Dport: e.Dport,
		OrigSaddr: e.OrigSaddr, OrigDaddr: e.OrigDaddr, OrigSport: e.OrigSport, OrigDport: e.OrigDport,
		TcpSeq: e.TCPSeq, TcpAck: e.TCPAck, Mark: e.Mark, InIfindex: e.InIfindex, OutIfindex: e.OutIfindex,
		Window: e.Window, Mss: e.MSS, IpId: e.IPID, Payload: e.Payload, Cpu: e.CPU,
		Flag: e.Flag, Protocol: e.Protocol, OrigProtocol: e.OrigProtocol, Ttl: e.TTL,
		TcpFlags: e.TCPFlags, TcpState: e.TCPState, Direction: e.Direction,
		IcmpType: e.ICMPType, IcmpCode: e.ICMPCode, Header: e.Header,
		Original: unknown, Reply: unknown,
	}
}
