package policy

import (
	"cmp"
	"net/netip"
	"strconv"
)

// AddressRange is the addresses from First to Last, both included and of one
// family.
type AddressRange struct{ First, Last netip.Addr }

// PortRange is the ports from First to Last, both included.
type PortRange struct{ First, Last uint16 }

// ProtocolRange is the IP protocol numbers from First to Last, both included.
type ProtocolRange struct{ First, Last uint8 }

// What "*" and "Any" stand for.
var (
	AllAddresses = AddressRange{netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{255, 255, 255, 255})}
	AllPorts     = PortRange{0, 65535}
	AllProtocols = ProtocolRange{0, 255}
)

// The protocols that rules name.
var (
	icmp = ProtocolRange{1, 1}
	tcp  = ProtocolRange{6, 6}
	udp  = ProtocolRange{17, 17}
)

// Contains reports whether the address lies in the range.
func (r AddressRange) Contains(a netip.Addr) bool {
	return a.BitLen() == r.First.BitLen() && r.First.Compare(a) <= 0 && a.Compare(r.Last) <= 0
}

// Contains reports whether the port lies in the range.
func (r PortRange) Contains(port uint16) bool { return r.First <= port && port <= r.Last }

// Contains reports whether the protocol lies in the range.
func (r ProtocolRange) Contains(protocol uint8) bool {
	return r.First <= protocol && protocol <= r.Last
}

// Prefix returns the range as a CIDR prefix; false where it is none.
func (r AddressRange) Prefix() (netip.Prefix, bool) {
	for bits := 0; bits <= r.First.BitLen(); bits++ {
		p := netip.PrefixFrom(r.First, bits)
		if p.Masked() == p && lastAddress(p) == r.Last {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// lastAddress is the highest address of a prefix.
func lastAddress(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for i := p.Bits(); i < len(bytes)*8; i++ {
		bytes[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	return last
}

// String is the shortest form that a policy file can hold: "*", an address, a
// prefix, or "first-last".
func (r AddressRange) String() string {
	if r == AllAddresses {
		return "*"
	}
	if r.First == r.Last {
		return r.First.String()
	}
	if p, ok := r.Prefix(); ok {
		return p.String()
	}
	return r.First.String() + "-" + r.Last.String()
}

// String is "*", a port, or "first-last".
func (r PortRange) String() string {
	if r == AllPorts {
		return "*"
	}
	if r.First == r.Last {
		return strconv.Itoa(int(r.First))
	}
	return strconv.Itoa(int(r.First)) + "-" + strconv.Itoa(int(r.Last))
}

// String is Azure's word, or for protocols that have none there the number or
// "first-last".
func (r ProtocolRange) String() string {
	if name, ok := protocolNames[r]; ok {
		return name
	}
	if r.First == r.Last {
		return strconv.Itoa(int(r.First))
	}
	return strconv.Itoa(int(r.First)) + "-" + strconv.Itoa(int(r.Last))
}

var protocolNames = map[ProtocolRange]string{AllProtocols: "Any", icmp: "ICMP", tcp: "TCP", udp: "UDP"}

// The orders that merge and covered work in.
var (
	addressOrder  = order[netip.Addr]{netip.Addr.Compare, netip.Addr.Next}
	portOrder     = order[uint16]{cmp.Compare[uint16], func(p uint16) uint16 { return p + 1 }}
	protocolOrder = order[uint8]{cmp.Compare[uint8], func(p uint8) uint8 { return p + 1 }}
)
