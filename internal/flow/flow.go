// Package flow holds the words of Sekisho's data: tuple, flag, event,
// direction, reason. It knows no kernel, no file and no network; every other
// room speaks in these types.
package flow

import (
	"net/netip"
	"time"
)

// Tuple is a 5-tuple in one direction. For protocols without ports, the ports
// are 0.
type Tuple struct {
	Protocol Protocol
	Source   netip.AddrPort
	Dest     netip.AddrPort
}

// Reverse returns the tuple of the other direction.
func (t Tuple) Reverse() Tuple {
	t.Source, t.Dest = t.Dest, t.Source
	return t
}

// Undirected returns the same tuple for both directions: the lower endpoint
// comes first.
func (t Tuple) Undirected() Tuple {
	if t.Dest.Compare(t.Source) < 0 {
		return t.Reverse()
	}
	return t
}

// IsValid reports whether both endpoints are known.
func (t Tuple) IsValid() bool { return t.Source.IsValid() && t.Dest.IsValid() }

// Protocol is an IP protocol number (IANA "Protocol Numbers").
type Protocol uint8

// The protocols that have a name in the logs.
const (
	ICMP Protocol = 1
	TCP  Protocol = 6
	UDP  Protocol = 17

	ICMPv6 Protocol = 58
)

// Direction tells whether a packet goes the way of the packet that began the
// connection, as conntrack calls it (IP_CT_DIR_ORIGINAL, IP_CT_DIR_REPLY).
type Direction uint8

const (
	// DirectionUnknown is that of a packet which conntrack knows no connection for.
	DirectionUnknown Direction = iota
	Original
	Reply
)

// Action is what the policy does with a packet.
type Action uint8

const (
	// ActionNone is that of a packet the policy was not asked about.
	ActionNone Action = iota
	Allow
	Deny
)

// Number names an event for ever: which boot of the host, which CPU, and the
// how manieth event of that CPU, from 1. The counter also rises for an event
// that was lost, so a gap is a loss and its width is how many.
type Number struct {
	Boot string // the kernel's boot id, /proc/sys/kernel/random/boot_id
	CPU  uint16
	Seq  uint64
}

// Event is one recorded packet. The packet's own orientation is kept: Source
// is who sent it.
type Event struct {
	Number Number
	// Time is wall time (UTC) made from kernel time; within a connection it
	// never steps backwards.
	Time time.Time
	// Packet is the tuple on the packet as it crosses the forward hook.
	Packet Tuple
	// Connection is conntrack's original tuple, that of the client's first
	// packet before any NAT; invalid where conntrack knows no connection.
	Connection Tuple
	Direction  Direction

	Flag     Flag
	TCPFlags TCPFlags
	State    TCPState
	Seq      uint32
	Ack      uint32
	Window   uint16
	MSS      uint16 // the MSS option; 0 where absent
	TTL      uint8
	IPID     uint16
	// Payload is the length of what follows the TCP header, in bytes; for
	// other protocols that of everything after the IP header.
	Payload uint16
	// ICMPType and ICMPCode are those of an ICMP or ICMPv6 packet.
	ICMPType, ICMPCode uint8
	// OriginalStream and ReplyStream say how far the TCP connection has come
	// each way, this packet included.
	OriginalStream, ReplyStream Stream

	// In and Out are the interfaces' indexes and names; a name is empty where
	// the interface was gone before it could be asked for.
	InIndex, OutIndex int
	In, Out           string

	// Mark is the connection's mark as the recorder saw it; Action, Rule and
	// Generation are read from it by who knows its layout.
	Mark uint32
	// Zone is conntrack's zone of the connection: in another one there may be one
	// with the same tuple. 0 is the default zone, and where nobody knows it.
	Zone uint16

	// Action and Rule are the policy's decision: Rule is the number of the
	// rule in the ruleset of that Generation, 0 for the default action.
	Action     Action
	Rule       uint32
	Generation uint8

	// Reason says why an INVALID or IGNORED packet is one.
	Reason Reason
	// ReasonText is the kernel's own sentence; empty where it gave none.
	ReasonText string

	// ConnectionID is equal at every firewall that a connection crosses;
	// empty where it cannot be known.
	ConnectionID string
}
