package flow

import "time"

// DropSource says who told of a drop: the value of the column Source.
type DropSource string

const (
	// DropKfreeSKB is the kernel's tracepoint skb:kfree_skb: a packet.
	DropKfreeSKB DropSource = "kfree_skb"
	// DropConntrack is a counter of connection tracking that rose: there is
	// no packet to show.
	DropConntrack DropSource = "conntrack"
)

// Drop is a packet that the host dropped outside the policy, or several alike,
// or what a counter of conntrack says of such packets.
type Drop struct {
	// Time is wall time (UTC). Of several packets it is the last one's, of a
	// counter that of its reading.
	Time time.Time
	// From is when a counter was read before. Zero of packets.
	From   time.Time
	Source DropSource
	// Tuple is that of the packet as it was when it was dropped: after the
	// translation of its destination, say. Invalid where there was no header
	// to read and of counters.
	Tuple    Tuple
	TCPFlags TCPFlags
	ICMPType uint8 // of an ICMP or ICMPv6 packet
	// Reason is the kernel's own name without its prefix, as in "IP_RPFILTER",
	// or its number where it has no name; of a counter, its name in
	// `conntrack -S`, as in "early_drop".
	Reason string
	// ReasonNumber is the reason's number. Numbers differ between kernels.
	ReasonNumber uint32
	// Hook is the netfilter hook that dropped the packet: prerouting, input,
	// forward, output or postrouting. Empty where none did.
	Hook string
	// Interface is the one the packet was at: that it came in by or, once it
	// was on its way out, that it was to leave by; in a VRF the member, as far as
	// the packet still tells. Empty where there was none.
	Interface string
	// Location is the kernel's function that dropped the packet; empty where
	// nobody may know.
	Location string
	// Count is how many packets there were.
	Count uint64
	// TTL and Length (of the IP packet, in bytes) are those of the last packet,
	// as its header says.
	TTL    uint8
	Length uint32
}
