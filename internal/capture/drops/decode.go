package drops

import (
	"encoding/binary"
	"net/netip"

	"github.com/sekisho/sekisho/internal/flow"
)

// decoder turns the program's records into drops.
type decoder struct {
	reasons reasons
	symbols symbols
	members members // of this batch
}

// hooks are the names of enum hook.
var hooks = [...]string{"", "prerouting", "input", "forward", "output", "postrouting"}

// hookName is empty for a number that is none of ours.
func hookName(number uint8) string {
	if int(number) >= len(hooks) {
		return ""
	}
	return hooks[number]
}

func (d *decoder) drops(records []record, clock clock) []flow.Drop {
	d.symbols.learn(records)
	d.members = members{}
	out := make([]flow.Drop, len(records))
	for i := range records {
		out[i] = d.drop(&records[i])
		out[i].Time = clock.at(int64(records[i].last.TimeNs))
	}
	return out
}

func (d *decoder) drop(r *record) flow.Drop {
	p := &r.packet
	return flow.Drop{
		Source:       flow.DropKfreeSKB,
		Tuple:        tuple(p),
		TCPFlags:     flow.TCPFlags(p.TcpFlags),
		ICMPType:     p.IcmpType,
		Reason:       d.reasons.name(p.Reason),
		ReasonNumber: p.Reason,
		Hook:         hookName(p.Hook),
		Interface:    d.members.interfaceOf(p),
		Location:     d.symbols[p.Location],
		Count:        r.count,
		TTL:          uint8(r.last.Ttl),
		Length:       r.last.Length,
	}
}

// tuple takes addresses and ports in network byte order, as the headers have
// them: the bytes in memory are the bytes of the address. It is the zero Tuple
// where there was no header to read.
func tuple(p *kernelPacket) flow.Tuple {
	if p.Version == 0 {
		return flow.Tuple{}
	}
	return flow.Tuple{
		Protocol: flow.Protocol(p.Protocol),
		Source:   netip.AddrPortFrom(address(p.Version, p.Saddr), port(p.Sport)),
		Dest:     netip.AddrPortFrom(address(p.Version, p.Daddr), port(p.Dport)),
	}
}

func address(version uint8, words [4]uint32) netip.Addr {
	var b [16]byte
	for i, w := range words {
		binary.NativeEndian.PutUint32(b[4*i:], w)
	}
	if version == 4 {
		return netip.AddrFrom4([4]byte(b[:4]))
	}
	return netip.AddrFrom16(b)
}

func port(p uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], p)
	return binary.BigEndian.Uint16(b[:])
}
