package tracker

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sekisho/sekisho/internal/flow"
)

// FuzzAdd lets anything happen in any order: nothing panics, memory stays
// bounded, each event is in exactly one connection, and a second run tells the
// same.
func FuzzAdd(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x10\x02\x01\x02\x10\x12\x11\x03\x02\x00\x11\x10\x05\x20\x00\x00\x00"))
	for _, s := range sequences(f) {
		var data []byte
		for i, l := range s.steps {
			if l.isEvent() && l.words[1] != "ICMP" {
				data = appendCode(data, l.event(f), i)
			}
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		few := func() *Tracker { return New(Config{Limit: 8, Fold: 4}) }
		first, _ := run(t, few(), data, quick)
		second, _ := run(t, few(), data, quick)
		if diff := gocmp.Diff(first, second, rowOptions); diff != "" {
			t.Errorf("another time (-first +second):\n%s", diff)
		}
		compareRemains(t, data)
	})
}

const codeLength = 8

// appendCode writes an event as the fuzzer reads it.
func appendCode(data []byte, e *flow.Event, i int) []byte {
	var way byte
	if e.Direction == flow.Reply {
		way = 1
	}
	return append(data, byte(e.Flag), byte(e.TCPFlags), byte(e.State)<<4|way<<1, byte(i), byte(e.Seq), byte(e.Ack), byte(len(e.Reason)), byte(e.Payload))
}

// quick and bySeconds are how much time a byte is.
func quick(b byte) time.Duration     { return time.Duration(b) * time.Duration(b) * 10 * time.Millisecond }
func bySeconds(b byte) time.Duration { return time.Duration(b) * time.Second }

// rowOptions compare rows.
var rowOptions = gocmp.Options{cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})}

func run(t *testing.T, tr *Tracker, data []byte, pace func(byte) time.Duration) (rows []flow.Connection, again int) {
	limit := tr.config.Limit
	tr.config.Tell = func(row *flow.Connection) { rows = append(rows, *row) }
	tr.table.bits = 1 // so that tuples share hashes
	now, added := epoch, 0
	for ; len(data) >= codeLength; data = data[codeLength:] {
		now = now.Add(pace(data[3]))
		tr.Tick(now)
		before := tr.onShelves()
		if happen(tr, data, now) {
			added++
		}
		if tr.onShelves() < before {
			again++ // remains became an entry again
		}
		if tr.Len() > limit || len(tr.aliases) > limit || tr.table.n > tr.Len() {
			t.Fatalf("%d connections, %d aliases", tr.Len(), len(tr.aliases))
		}
		if kept := tr.held() + int(tr.stats.Events); kept != added {
			t.Fatalf("%d events in connections, %d were added", kept, added)
		}
	}
	tr.Close(now)
	if tr.Len() != 0 || tr.table.n+len(tr.aliases) != 0 || tr.timers.n != 0 || int(tr.stats.Events) != added {
		t.Fatalf("after the end: %d connections, %d events of %d", tr.Len(), int(tr.stats.Events), added)
	}
	return rows, again
}

// held is how many events are in connections that are known.
func (t *Tracker) held() (n int) {
	for i := range t.classes {
		for c := t.classes[i].front; c != nil; c = c.links[byClass].next {
			n += int(c.events)
		}
	}
	for i := range t.memory.shelves {
		for _, p := range t.memory.shelves[i].parts {
			for _, r := range p.remains {
				if r.ending != 0 {
					n += int(r.events)
				}
			}
		}
	}
	return n
}

// happen lets one thing happen; it reports whether that was an event.
func happen(tr *Tracker, code []byte, now time.Time) bool {
	client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, 1, code[2] & 1}), 40000+uint16(code[5]&7))
	tuple := flow.Tuple{Protocol: flow.TCP, Source: client, Dest: netip.MustParseAddrPort("10.1.2.4:22")}
	packet, direction := tuple, flow.Original
	zone, wire := uint16(code[7]>>6), string('a'+rune(code[7]>>4&3))
	if code[2]&2 != 0 {
		packet, direction = tuple.Reverse(), flow.Reply
	}
	switch code[0] % 20 {
	case 11:
		tr.AddDrop(flow.Drop{Time: now, Source: flow.DropKfreeSKB, Tuple: packet, TCPFlags: flow.TCPFlags(code[1]), Reason: "X", Interface: wire})
		return false
	case 12:
		tr.AddEnd(flow.ConntrackEnd{Time: now, Connection: tuple, Zone: zone, State: flow.TCPState(code[1] % 10), Left: time.Duration(code[4] & 1)})
		return false
	case 13:
		tr.AddLoss(now.Add(-time.Second), now, "", 1)
		return false
	case 14:
		tr.AddDrop(flow.Drop{Time: now, Source: flow.DropConntrack, Reason: "early_drop"})
		return false
	case 15:
		tr.Tick(now)
		return false
	case 16:
		silent := tr.Silent(now, tr.config.Limit, tr.config.Limit)
		slices.SortFunc(silent, func(a, b Name) int {
			return cmp.Or(a.Tuple.Source.Compare(b.Tuple.Source), a.Tuple.Dest.Compare(b.Tuple.Dest), int(a.Zone)-int(b.Zone))
		})
		for _, n := range silent { // not in the order of memory
			tr.Unknown(n, now)
		}
		return false
	}
	reasons := flow.Reasons()
	e := &flow.Event{Time: now, Packet: packet, Connection: tuple, Zone: zone, In: wire, Direction: direction, Flag: flow.Flag(1 + code[0]%10),
		TCPFlags: flow.TCPFlags(code[1]), State: flow.TCPState(code[2] >> 4 % 10), Seq: uint32(code[4]),
		Ack: uint32(binary.LittleEndian.Uint16(code[4:])), TTL: code[6], Payload: uint16(code[7]), Reason: reasons[int(code[6])%len(reasons)]}
	if e.Flag == flow.INVALID || code[2]&4 != 0 {
		e.Connection, e.Zone, e.Direction = flow.Tuple{}, 0, flow.DirectionUnknown
	} else if code[2]&8 != 0 {
		e.Packet = translated(packet, direction)
	}
	tr.Add(e)
	return true
}

// translated gives the server another address.
func translated(packet flow.Tuple, direction flow.Direction) flow.Tuple {
	backend := netip.MustParseAddrPort("10.2.0.9:8080")
	if direction == flow.Reply {
		packet.Source = backend
	} else {
		packet.Dest = backend
	}
	return packet
}
