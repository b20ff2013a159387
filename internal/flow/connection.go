package flow

import (
	"net/netip"
	"time"
)

// Connection is all that one firewall knows of one incarnation of a 5-tuple:
// its events folded into one row. Arrays of two are indexed by [Way]: the
// client's packets first, then the server's.
type Connection struct {
	// ID is equal at every firewall; empty where no packet told it.
	ID       string
	Firewall string
	// Tuple is the original one, client to server. Translated is the one the
	// server sees where address translation changed it; invalid otherwise.
	Tuple, Translated Tuple
	// Update counts the rows told about this connection: 1, 2 for the first
	// correction, and so on. Firewall, Tuple and First name the connection
	// among them, the highest Update is what counts. Told is when this row was
	// told.
	Update int
	Told   time.Time
	// Alike is for how many more connections the row stands: of those with the
	// same outcome from the same client, as a port scan makes them, only some
	// have a row of their own. Where clients are too many as well, they are
	// those of any client. 0 nearly always.
	Alike int

	// First and Last are the times of its first and last event.
	First, Last time.Time
	// Times of the first packet of each kind; zero where none was seen.
	SYN, SYNACK, ACK, FIN, FINACK, RST time.Time
	// History is the order of its events in letters, in the manner of Zeek's:
	// see the tracker's documentation.
	History string

	// Events is how many events were folded into the row, those of the
	// connections alike included. The counts below are of this connection.
	Events int
	// SYNs, SYNACKs, ACKs count the packets seen, repeats included; FINs and
	// RSTs by who sent them; Retransmits are segments of data seen again with
	// nothing in between, by who sent them (of many repeats of one segment, the
	// first, second, fourth, eighth and so on are seen).
	SYNs, SYNACKs, ACKs     int
	FINs, RSTs, Retransmits [2]int
	// Invalids, Denials and ICMPErrors count such packets.
	Invalids, Denials, ICMPErrors int

	// MSS and TTL are those of each side's first packet, RSTTTL that of the
	// first RST; 0 where unknown.
	MSS    [2]uint16
	TTL    [2]uint8
	RSTTTL uint8
	// SYNTTL are the lowest and the highest TTL of its SYNs: one SYN that
	// comes again and again with a lower TTL is in a routing loop.
	SYNTTL [2]uint8
	// RetransmitSize is the payload of the last retransmitted segment, in bytes.
	RetransmitSize uint16
	// Unacked are the bytes that each side had sent and the other had not
	// acknowledged, as of the last event that tells; valid if UnackedKnown.
	Unacked      [2]uint32
	UnackedKnown bool

	// Zone is conntrack's, as an event's.
	Zone uint16
	// Invalid is the first INVALID packet, with its Way as far as addresses
	// tell.
	Invalid *InvalidPacket
	// ICMP is the first ICMP error about the connection.
	ICMP *ICMPNote
	// Drop is what the host's kernel dropped of it; the last reason, all counted.
	Drop *Drop

	// Counters are conntrack's own; nil where it did not tell (accounting is
	// off, or the connection is still open).
	Counters *Counters
	// Forgotten is when conntrack forgot the connection; zero while it knows
	// it or where that is not told.
	Forgotten time.Time
	// Idle is the silence before the packet that found the state gone: since
	// the last event, as packets of data are none. Timeout is the conntrack
	// timeout in force for the state it was in; 0 where unknown.
	Idle, Timeout time.Duration

	End      EndReason
	Decision Decision
	// In and Out are the interfaces of its first packet.
	In, Out string
	Verdict Verdict
}

// Way indexes what is kept for each direction.
type Way uint8

const (
	FromClient Way = 0
	FromServer Way = 1
)

// Decision is what the policy decided about a connection, and the rule by its
// names; Rule is empty for the default action, Policy where nobody was asked.
type Decision struct {
	Action                  Action
	Policy, Revision        string
	Group, Collection, Rule string
}

// InvalidPacket is a packet that conntrack could not give to a connection.
type InvalidPacket struct {
	Time     time.Time
	Way      Way
	TCPFlags TCPFlags
	Reason   Reason
	Text     string
}

// ICMPNote is an ICMP error about a connection.
type ICMPNote struct {
	Time time.Time
	From netip.Addr
	Text string // as ICMPText names it
}

// Counters are conntrack's packets and bytes (of IP packets) by Way.
type Counters struct {
	Packets, Bytes [2]uint64
}

// ConntrackEnd is what the kernel says when it forgets a connection
// (NFNLGRP_CONNTRACK_DESTROY).
type ConntrackEnd struct {
	Time       time.Time
	Connection Tuple // original
	Translated Tuple // the reply tuple reversed, where it differs
	Mark       uint32
	Zone       uint16 // as an event's
	Counters   *Counters
	// State is the TCP state that it was in; 0 where the kernel does not tell.
	State TCPState
	// Left is how much of its timeout was left: 0 where it expired, more where
	// something deleted it before (`conntrack -F`, a new connection with the
	// same ports, a full table).
	Left time.Duration
}

// EndReason is how a connection ended, as far as one firewall knows.
type EndReason string

const (
	// EndNone: it has not.
	EndNone EndReason = ""
	// EndFIN: both sides closed.
	EndFIN EndReason = "fin"
	// EndRST: reset.
	EndRST EndReason = "rst"
	// EndDenied: the policy let none of it pass.
	EndDenied EndReason = "denied"
	// EndPolicy: a change of the policy ended it.
	EndPolicy EndReason = "policy"
	// EndTimeout: conntrack forgot it while it was open.
	EndTimeout EndReason = "timeout"
	// EndUnseen: conntrack did not know it any more when it was asked, and its end
	// was not told: packets closed it that did not come to the forward hook.
	EndUnseen EndReason = "unseen"
	// EndReplaced: a new connection took its ports.
	EndReplaced EndReason = "replaced"
	// EndEvicted: the tracker needed its memory.
	EndEvicted EndReason = "evicted"
	// EndStopped: the firewall's process ended.
	EndStopped EndReason = "stopped"
)
