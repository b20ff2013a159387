package ruleset

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// number is a value of any field of a key: a port, a protocol, or an address
// of either family. It has the 128 bits of an IPv6 address.
type number struct{ high, low uint64 }

func (n number) less(o number) bool {
	return n.high < o.high || n.high == o.high && n.low < o.low
}

// addressNumber is an address as a number; IPv4 addresses have 32 bits.
func addressNumber(a netip.Addr) number {
	if a.Is4() {
		b := a.As4()
		return number{low: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return number{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// address is the number as an address of one IP version.
func (n number) address(ipv6 bool) netip.Addr {
	if ipv6 {
		return netip.AddrFrom16([16]byte(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, n.high), n.low)))
	}
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(n.low))))
}

// span is a range of one field of a map's key, both ends included.
type span struct{ first, last number }

// smallSpan is a range of ports or protocols.
func smallSpan[T uint8 | uint16](first, last T) span {
	return span{number{low: uint64(first)}, number{low: uint64(last)}}
}

func (s span) contains(n number) bool { return !n.less(s.first) && !s.last.less(n) }
func (s span) covers(o span) bool     { return !o.first.less(s.first) && !s.last.less(o.last) }
func (s span) overlaps(o span) bool   { return !o.last.less(s.first) && !s.last.less(o.first) }

// prefixes is how many CIDR prefixes a range consists of. The kernel's maps
// hold prefixes: each field of a key becomes so many.
func (s span) prefixes() int {
	// The bits in which the ends differ tell the size of the smallest prefix
	// around the range. What is not all of it reaches across its middle, up
	// from the first value and down from the last one.
	around := s.first.differing(s.last)
	up, down := s.first.invert().and(around), s.last.and(around)
	if up == around && down == around {
		return 1
	}
	half := around.half()
	return up.and(half).next().ones() + down.and(half).next().ones()
}

// differing has ones from the highest bit on in which the numbers differ.
func (n number) differing(o number) number {
	if high := n.high ^ o.high; high != 0 {
		return number{1<<bits.Len64(high) - 1, ^uint64(0)}
	}
	return number{0, 1<<bits.Len64(n.low^o.low) - 1}
}

func (n number) and(o number) number { return number{n.high & o.high, n.low & o.low} }
func (n number) invert() number      { return number{^n.high, ^n.low} }
func (n number) half() number        { return number{n.high >> 1, n.low>>1 | n.high<<63} }
func (n number) ones() int           { return bits.OnesCount64(n.high) + bits.OnesCount64(n.low) }

func (n number) next() number {
	low, carry := bits.Add64(n.low, 1, 0)
	return number{n.high + carry, low}
}
