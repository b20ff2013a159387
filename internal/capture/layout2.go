package capture

import (
	"fmt"
	"unsafe"

	"github.com/sekisho/sekisho/internal/flow"
)

// layout is the version of struct event, event6 and tally in the rings and
// maps of a recorder, and so of the samples in a journal. The program that
// runs writes currentLayout; one layout before it can still be read, so that
// an upgrade loses nothing.
type layout uint16

const (
	currentLayout layout = 3
	layout2       layout = 2
)

// parse reads one sample of a ring.
func (l layout) parse(sample []byte) (r record, err error) {
	err = l.read(sample, &r)
	return r, err
}

// read is parse into memory that may be of an earlier record. Of that it leaves
// the addresses of IPv6 where the new one has none, as nobody looks at them then.
func (l layout) read(sample []byte, into *record) error {
	switch l {
	case currentLayout:
		return read3(sample, into)
	case layout2:
		return read2(sample, into)
	}
	return fmt.Errorf("events of layout %d are not known here, only of %d and %d", l, layout2, currentLayout)
}

func (l layout) known() bool { return l == currentLayout || l == layout2 }

// event2 is struct event of layout 2: without a zone, and with a place of their
// own for ICMP's type and code. It is as long as the current one.
type event2 struct {
	Seq, TimeNs                                           uint64
	Saddr, Daddr                                          uint32
	Sport, Dport                                          uint16
	OrigSaddr, OrigDaddr                                  uint32
	OrigSport, OrigDport                                  uint16
	TCPSeq, TCPAck, Mark, InIfindex, OutIfindex           uint32
	Window, MSS, IPID, Payload, CPU                       uint16
	Flag, Protocol, OrigProtocol, TTL, TCPFlags, TCPState uint8
	Direction, ICMPType, ICMPCode, Header                 uint8
	Original, Reply                                       RecordStream
}

type event62 struct {
	E                                  event2
	Saddr, Daddr, OrigSaddr, OrigDaddr [4]uint32
}

func read2(sample []byte, into *record) error {
	switch len(sample) {
	case int(unsafe.Sizeof(event62{})):
		e := (*event62)(unsafe.Pointer(unsafe.SliceData(sample)))
		into.E, into.v6 = e.E.current(), true
		into.Saddr, into.Daddr, into.OrigSaddr, into.OrigDaddr = e.Saddr, e.Daddr, e.OrigSaddr, e.OrigDaddr
	case int(unsafe.Sizeof(event2{})):
		into.E, into.v6 = (*event2)(unsafe.Pointer(unsafe.SliceData(sample))).current(), false
	default:
		return fmt.Errorf("ring record of layout 2 has %d bytes, want %d or %d",
			len(sample), unsafe.Sizeof(event2{}), unsafe.Sizeof(event62{}))
	}
	return nil
}

// current is the event in the current layout. Its zone is not known, which reads
// as the default one.
func (e *event2) current() RecordEvent {
	window := e.Window
	if flow.Protocol(e.Protocol).IsICMP() {
		window = uint16(e.ICMPType)<<8 | uint16(e.ICMPCode)
	}
	return RecordEvent{
		Seq: e.Seq, TimeNs: e.TimeNs,
		Saddr: e.Saddr, Daddr: e.Daddr, Sport: e.Sport, Dport: e.Dport,
		OrigSaddr: e.OrigSaddr, OrigDaddr: e.OrigDaddr, OrigSport: e.OrigSport, OrigDport: e.OrigDport,
		TcpSeq: e.TCPSeq, TcpAck: e.TCPAck, Mark: e.Mark, InIfindex: e.InIfindex, OutIfindex: e.OutIfindex,
		Window: window, Mss: e.MSS, IpId: e.IPID, Payload: e.Payload, Cpu: e.CPU,
		Flag: e.Flag, Protocol: e.Protocol, OrigProtocol: e.OrigProtocol, Ttl: e.TTL,
		TcpFlags: e.TCPFlags, TcpState: e.TCPState, Direction: e.Direction, Header: e.Header,
		Original: e.Original, Reply: e.Reply,
	}
}
