package policy

import (
	"cmp"
	"math/bits"
	"net/netip"
	"strconv"
)

// AddressRange is the addresses from First to Last, both included, in the order
// of [netip.Addr.Compare]: all of IPv4 comes before all of IPv6. Both ends are
// of one family, but for [AllAddresses].
type AddressRange struct{ First, Last netip.Addr }

// PortRange is the ports from First to Last, both included.
type PortRange struct{ First, Last uint16 }

// ProtocolRange is the IP protocol numbers from First to Last, both included.
type ProtocolRange struct{ First, Last uint8 }

// What "*" and "Any" stand for.
var (
	AllAddresses = AddressRange{allIPv4.First, allIPv6.Last}
	AllPorts     = PortRange{0, 65535}
	AllProtocols = ProtocolRange{0, 255}
)

// The addresses of each family.
var (
	allIPv4 = AddressRange{netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("255.255.255.255")}
	allIPv6 = AddressRange{netip.MustParseAddr("::"), netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")}
)

// The protocols that rules name, and what ICMP means for IPv6.
var (
	icmp   = ProtocolRange{1, 1}
	tcp    = ProtocolRange{6, 6}
	udp    = ProtocolRange{17, 17}
	icmpv6 = ProtocolRange{58, 58}
)

// Contains reports whether the address lies in the range.
func (r AddressRange) Contains(a netip.Addr) bool {
	return r.First.Compare(a) <= 0 && a.Compare(r.Last) <= 0
}

// Contains reports whether the port lies in the range.
func (r PortRange) Contains(port uint16) bool { return r.First <= port && port <= r.Last }

// Contains reports whether the protocol lies in the range.
func (r ProtocolRange) Contains(protocol uint8) bool {
	return r.First <= protocol && protocol <= r.Last
}

// ForIPv6 returns the numbers that the range means for IPv6 packets: ICMP is
// ICMPv6 there, and all others are the same.
func (r ProtocolRange) ForIPv6() ProtocolRange {
	if r == icmp {
		return icmpv6
	}
	return r
}

// Prefix returns the range as a CIDR prefix; false where it is none.
func (r AddressRange) Prefix() (netip.Prefix, bool) {
	if r.First.BitLen() != r.Last.BitLen() {
		return netip.Prefix{}, false
	}
	length := 0
	last := r.Last.AsSlice()
	for i, b := range r.First.AsSlice() {
		same := bits.LeadingZeros8(b ^ last[i])
		if length += same; same < 8 {
			break
		}
	}
	p := netip.PrefixFrom(r.First, length)
	return p, p.Masked() == p && lastAddress(p) == r.Last
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
