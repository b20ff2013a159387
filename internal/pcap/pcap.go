// Package pcap makes events out of packets that were captured at a firewall's
// interfaces, as far as packets tell: what our own recorder would have written,
// without what only the firewall knows (its rules, conntrack's opinion).
//
//	file ──▶ frames ──▶ packets ──▶ passages ──▶ events, drops
//	         read.go    decode.go   fold.go      steps.go
//
// # Passages
//
// A capture with `-i any`, or of both interfaces, has each packet twice: as it
// comes in and as it goes out, with a TTL that is lower by one, and with other
// addresses where they are translated. The two are one [Passage]. That makes
// the most of a capture: a packet that came in and never went out was dropped
// here, which no log of a firewall can be more certain about.
//
// This needs a capture that would show the packet going out. With `-i any` each
// packet is shown both ways. With single interfaces the way out may be another
// one: then the claim is made only about destinations to which some packet was
// seen going out.
//
// # What it does not know
//
// Whether conntrack calls a packet INVALID. What a capture shows instead is a
// packet that does not fit the handshake as it passed: a client's ACK although no
// SYN-ACK came by, a SYN-ACK without a SYN. Such a packet is given as INVALID,
// with a text that says what it rests on.
package pcap

import (
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/flow"
)

// Packet is one captured TCP packet or ICMP error.
type Packet struct {
	Time time.Time
	At   Place
	// Tuple is that of the packet; Inner, of an ICMP error, that of the packet
	// that it is about.
	Tuple, Inner       flow.Tuple
	Flags              flow.TCPFlags
	Seq, Ack           uint32
	Window, MSS        uint16
	TTL                uint8
	IPID               uint16
	Payload            uint16 // bytes after the TCP header
	ICMPType, ICMPCode uint8
	from, to           hardware
}

// Place is where a packet was captured.
type Place struct {
	// Interface is its name, or where the file does not have it, a name made of
	// the file's.
	Interface string
	Way       Way
}

// Way is whether a packet was coming or going.
type Way uint8

// Ways. Captures of one interface do not tell.
const (
	Unknown Way = iota
	In
	Out
)

// hardware is an Ethernet address; zero where there is none.
type hardware [6]byte

// Report is what became of one file.
type Report struct {
	File   string
	Format string // pcap or pcapng
	// Packets counts the frames of the file; Used those that are TCP or ICMP
	// errors.
	Packets, Used int
	// Dropped is how many packets the capture itself lost, as the file says.
	Dropped uint64
	// Others counts frames that are not used, by what they are.
	Others map[string]int
	// Problem is why the file was not read to its end; nil where it was.
	Problem *document.Problem
}
