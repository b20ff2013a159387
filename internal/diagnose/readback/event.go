package readback

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// addEvent takes a row of AZFWFlowTrace.
func (f *recorded) addEvent(r logs.Record) error {
	flag, ok := flow.ParseFlag(text(r, "Flag"))
	if !ok {
		return fmt.Errorf("read event: unknown flag %q", text(r, "Flag"))
	}
	e := event{Event: flow.Event{
		Time: r.Time(), Flag: flag, Packet: tupleOf(r), ConnectionID: text(r, "ConnectionId"),
		TCPFlags: parseFlags(text(r, "TcpFlags")), State: parseState(text(r, "TcpState")),
		Seq: uint32(whole(r, "SequenceNumber")), Ack: uint32(whole(r, "AcknowledgementNumber")),
		Window: uint16(whole(r, "Window")), MSS: uint16(whole(r, "Mss")), TTL: uint8(whole(r, "Ttl")),
		Payload: uint16(whole(r, "PayloadLength")), IPID: uint16(whole(r, "IpId")), ICMPCode: uint8(whole(r, "IcmpCode")),
		OriginalStream: streamOf(r, "UnackedOriginal"), ReplyStream: streamOf(r, "UnackedReply"),
		In: text(r, "InInterface"), Out: text(r, "OutInterface"), Zone: uint16(whole(r, "Zone")),
		Reason: flow.Reason(text(r, "InvalidReason")), ReasonText: text(r, "InvalidText"),
	}}
	if !e.Packet.IsValid() {
		return fmt.Errorf("read event: addresses or ports are missing")
	}
	if _, err := fmt.Sscanf(text(r, "Protocol"), "ICMP Type=%d", &e.ICMPType); err == nil {
		e.Packet.Protocol = flow.ICMP
	} else if _, err := fmt.Sscanf(text(r, "Protocol"), "ICMPv6 Type=%d", &e.ICMPType); err == nil {
		e.Packet.Protocol = flow.ICMPv6
	}
	e.direct(text(r, "Direction"))
	if flag == flow.ICMPERROR {
		e.Connection = endsOf(r, "Original")
	}
	e.decide(r)
	if n := whole(r, "Count"); n > 1 {
		f.addFolded(r, uint64(n)-1)
	}
	f.azure = f.azure || r.Get("Verdict") == nil && r.Get("TcpFlags") == nil
	f.events = append(f.events, e)
	return nil
}

// addFolded takes the packets that a row stands for beside the one that it shows:
// of what connections they were is lost.
func (f *recorded) addFolded(r logs.Record, others uint64) {
	l := loss{to: r.Time(), kind: text(r, "Flag"), count: others}
	l.from, _ = r.Get("From").(time.Time)
	f.losses = append(f.losses, l)
}

// direct sets the event's direction, and from it the connection's tuple, as far
// as no address is translated.
func (e *event) direct(word string) {
	switch word {
	case flow.Original.String():
		e.Direction, e.Connection = flow.Original, e.Packet
	case flow.Reply.String():
		e.Direction, e.Connection = flow.Reply, e.Packet.Reverse()
	}
}

// decide sets the policy's decision and its names.
func (e *event) decide(r logs.Record) {
	switch text(r, "Verdict") {
	case flow.Allow.String():
		e.Action = flow.Allow
	case flow.Deny.String():
		e.Action = flow.Deny
	}
	e.decision = flow.Decision{Action: e.Action, Policy: text(r, "Policy"), Revision: text(r, "PolicyRevision"),
		Group: text(r, "RuleCollectionGroup"), Collection: text(r, "RuleCollection"), Rule: text(r, "Rule")}
}

// tupleOf is the packet's own tuple; invalid where the row has none.
func tupleOf(r logs.Record) flow.Tuple { return endsOf(r, "") }

// endsOf is the tuple in columns whose names begin so.
func endsOf(r logs.Record, prefix string) flow.Tuple {
	t := flow.Tuple{Source: endOf(r, prefix+"Source"), Dest: endOf(r, prefix+"Destination")}
	switch text(r, prefix+"Protocol") {
	case flow.TCP.String():
		t.Protocol = flow.TCP
	case flow.UDP.String():
		t.Protocol = flow.UDP
	}
	return t
}

func endOf(r logs.Record, side string) netip.AddrPort {
	a, err := netip.ParseAddr(text(r, side+"Ip"))
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a, uint16(whole(r, side+"Port")))
}

func streamOf(r logs.Record, column string) flow.Stream {
	if r.Get(column) == nil {
		return flow.Stream{}
	}
	return flow.Stream{Known: true, Unacked: uint32(whole(r, column))}
}

func text(r logs.Record, column string) string {
	s, _ := r.Get(column).(string)
	return s
}

func whole(r logs.Record, column string) int64 {
	switch n := r.Get(column).(type) {
	case int32:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// parseFlags reads "SYN|ACK".
func parseFlags(names string) flow.TCPFlags {
	var flags flow.TCPFlags
	for _, name := range strings.Split(names, "|") {
		for bit := flow.BitFIN; bit != 0; bit <<= 1 {
			if name == bit.String() {
				flags |= bit
			}
		}
	}
	return flags
}

func parseState(name string) flow.TCPState {
	for s := flow.TCPState(1); s.String() != ""; s++ {
		if s.String() == name {
			return s
		}
	}
	return 0
}
