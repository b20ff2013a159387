package drops

import (
	"bytes"
	"cmp"

	"github.com/sekisho/sekisho/internal/interfaces"
)

// members are the names of VRFs' members, of which the program has the number
// only: as they are when a batch is read, within a second or so.
type members map[uint32]string

// interfaceOf is the one that a packet was at: of a VRF's own the member by which
// it came, where that is still there.
func (m members) interfaceOf(p *kernelPacket) string {
	name, _, _ := bytes.Cut(p.Interface[:], []byte{0})
	if p.Member == 0 {
		return string(name)
	}
	member, asked := m[p.Member]
	if !asked {
		member = cmp.Or(interfaces.Name(int(p.Member)), string(name))
		m[p.Member] = member
	}
	return member
}
