package tracker

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// original is the connection that a line is about.
func (l line) original(t testing.TB) flow.Tuple {
	return flow.Tuple{Protocol: flow.TCP,
		Source: netip.AddrPortFrom(netip.MustParseAddr(cmp.Or(l.args["from"], "10.1.1.4")), uint16(l.number(t, "port", 40000))),
		Dest:   addr(t, cmp.Or(l.args["to"], "10.1.2.4:22"))}
}

// packet is the tuple on the packet.
func (l line) packet(t testing.TB) flow.Tuple {
	tuple := l.original(t)
	if to := l.args["dnat"]; to != "" {
		tuple.Dest = addr(t, to)
	}
	if l.words[0] == "server" {
		tuple = tuple.Reverse()
	}
	return tuple
}

func (l line) number(t testing.TB, key string, otherwise int) int {
	t.Helper()
	text, ok := l.args[key]
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%q: %v", l.text, err)
	}
	return n
}

// usual are the TCP flags and the state that an event comes with, where the
// line does not say others.
var usual = map[flow.Flag]struct {
	bits  flow.TCPFlags
	state flow.TCPState
}{
	flow.SYN: {flow.BitSYN, flow.StateSynSent}, flow.SYNACK: {flow.BitSYN | flow.BitACK, flow.StateSynRecv}, flow.ACK: {flow.BitACK, flow.StateEstablished},
	flow.FIN: {flow.BitFIN | flow.BitACK, flow.StateFinWait}, flow.FINACK: {flow.BitFIN | flow.BitACK, flow.StateLastAck},
	flow.RST: {flow.BitRST | flow.BitACK, flow.StateClose}, flow.RETRANS: {flow.BitPSH | flow.BitACK, flow.StateEstablished},
	flow.DENIED: {flow.BitPSH | flow.BitACK, flow.StateEstablished}, flow.INVALID: {0, 0},
}

func (l line) event(t testing.TB) *flow.Event {
	t.Helper()
	if l.words[1] == "ICMP" {
		return l.icmp(t)
	}
	flag, ok := flow.ParseFlag(l.words[1])
	if !ok {
		t.Fatalf("%q: unknown flag", l.text)
	}
	e := &flow.Event{
		Time: epoch.Add(l.at), Packet: l.packet(t), Flag: flag, TCPFlags: usual[flag].bits, State: usual[flag].state,
		Seq: uint32(l.number(t, "seq", 0)), Ack: uint32(l.number(t, "ack", 0)), TTL: uint8(l.number(t, "ttl", 63)),
		Payload: uint16(l.number(t, "len", 0)), MSS: uint16(l.number(t, "mss", 0)),
		Reason: flow.Reason(l.args["reason"]), ReasonText: l.args["text"], Action: flow.Allow, In: "eth0", Out: "eth1",
	}
	if len(l.words) > 2 {
		e.TCPFlags = bits(l.words[2])
	}
	if l.args["action"] == "deny" || flag == flow.DENIED {
		e.Action = flow.Deny
	}
	if flag != flow.INVALID && !strings.Contains(l.args["known"], "no") {
		e.Connection = l.original(t)
		e.Direction = map[string]flow.Direction{"client": flow.Original, "server": flow.Reply}[l.words[0]]
	} else {
		e.State = 0
	}
	for i, name := range []string{"", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2"} {
		if l.args["state"] == name && name != "" {
			e.State = flow.TCPState(i)
		}
	}
	if there, back, ok := strings.Cut(l.args["unacked"], ","); ok {
		e.OriginalStream, e.ReplyStream = stream(t, there), stream(t, back)
	}
	return e
}

func stream(t testing.TB, text string) flow.Stream {
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return flow.Stream{Known: true, Unacked: uint32(n)}
}

func bits(letters string) (f flow.TCPFlags) {
	for _, r := range letters {
		f |= map[rune]flow.TCPFlags{'S': flow.BitSYN, 'A': flow.BitACK, 'F': flow.BitFIN, 'R': flow.BitRST, 'P': flow.BitPSH, 'U': flow.BitURG}[r]
	}
	return f
}

func (l line) icmp(t testing.TB) *flow.Event {
	kind, code := l.number(t, "type", 3), l.number(t, "code", 1)
	e := &flow.Event{Time: epoch.Add(l.at), Flag: flow.ICMPERROR, Connection: l.original(t), Direction: flow.Reply,
		ICMPType: uint8(kind), ICMPCode: uint8(code),
		Packet: flow.Tuple{Protocol: flow.ICMP, Source: netip.AddrPortFrom(netip.MustParseAddr(cmp.Or(l.args["by"], "10.1.9.9")), 0),
			Dest: netip.AddrPortFrom(l.original(t).Source.Addr(), 0)}}
	if l.words[0] == "client" {
		e.Direction = flow.Original
	}
	return e
}

func (l line) drop(t testing.TB) flow.Drop {
	return flow.Drop{Time: epoch.Add(l.at), Source: flow.DropKfreeSKB, Tuple: l.packet(t), TCPFlags: bits(l.words[2]),
		Reason: l.args["reason"], Hook: l.args["hook"], Location: l.args["location"], Count: 1}
}

func (l line) end(t testing.TB) flow.ConntrackEnd {
	e := flow.ConntrackEnd{Time: epoch.Add(l.at), Connection: l.original(t), Left: time.Duration(l.number(t, "left", 0)) * time.Second}
	if there, back, ok := strings.Cut(l.args["bytes"], ","); ok {
		e.Counters = &flow.Counters{Packets: [2]uint64{1, 1}}
		e.Counters.Bytes[0], _ = strconv.ParseUint(there, 10, 64)
		e.Counters.Bytes[1], _ = strconv.ParseUint(back, 10, 64)
	}
	e.State = map[string]flow.TCPState{"": 0, "SYN_SENT": flow.StateSynSent, "SYN_RECV": flow.StateSynRecv, "ESTABLISHED": flow.StateEstablished,
		"FIN_WAIT": flow.StateFinWait, "CLOSE_WAIT": flow.StateCloseWait, "TIME_WAIT": flow.StateTimeWait, "CLOSE": flow.StateClose}[l.args["state"]]
	return e
}
